"""Service Quotas, as far as moto 5.2.5 lacks them: EC2's, asking for more, and what was asked for."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.responses import ServiceQuotasResponse

from groundplan.rehearsal.emulator.patching import add, kept_in

_EC2: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "L-1216C47A": ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 5),
        "L-DB2E81BA": ("Running On-Demand G and VT instances", 0),
        "L-417A185B": ("Running On-Demand P instances", 0),
        "L-34B43A08": ("All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", 5),
        "L-3819A6DF": ("All G and VT Spot Instance Requests", 0),
        "L-7212CCBC": ("All P4, P3 and P2 Spot Instance Requests", 0),
        "L-C4BD4855": ("All P5 Spot Instance Requests", 0),
        "L-0263D0A3": ("EC2-VPC Elastic IPs", 5),
    }
)
"""Name and default by code: what a new account has.

https://docs.aws.amazon.com/general/latest/gr/ec2-service.html#limits_ec2
"""
_NAMES = {
    "ec2": "Amazon Elastic Compute Cloud (Amazon EC2)",
    "vpc": "Amazon Virtual Private Cloud (Amazon VPC)",
}
_OPEN = ("PENDING", "CASE_OPENED")


class RefusedRequestError(JsonRESTError):
    """A request that Service Quotas does not take."""


def install() -> None:
    """Apply all; a second call changes nothing."""
    add(
        ServiceQuotasResponse,
        get_aws_default_service_quota=get_aws_default_service_quota,
        get_requested_service_quota_change=get_requested_service_quota_change,
        get_service_quota=get_service_quota,
        list_requested_service_quota_change_history=list_requested_service_quota_change_history,
        list_requested_service_quota_change_history_by_quota=(
            list_requested_service_quota_change_history_by_quota
        ),
        list_service_quotas=list_service_quotas,
        request_service_quota_increase=request_service_quota_increase,
    )


def _asked(response: Any) -> dict[str, Any]:
    return json.loads(response.body or "{}")


def _requests(response: Any) -> dict[str, dict[str, Any]]:
    return kept_in(response.backend, "requests")


def _quota(response: Any, service: str, code: str, account: str) -> dict[str, Any]:
    """A quota of an account, or the default, which is no account's. Nobody grants more here."""
    if service != "ec2":
        return response.backend.get_service_quota(service, code)
    if code not in _EC2:
        raise NoSuchResource
    name, value = _EC2[code]
    return {
        "ServiceCode": service,
        "ServiceName": _NAMES[service],
        "QuotaArn": f"arn:aws:servicequotas:{response.region}:{account}:{service}/{code}",
        "QuotaCode": code,
        "QuotaName": name,
        "Value": value,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }


def get_aws_default_service_quota(response: Any) -> str:
    """What a new account has."""
    asked = _asked(response)
    return json.dumps({"Quota": _quota(response, asked["ServiceCode"], asked["QuotaCode"], "")})


def get_service_quota(response: Any) -> str:
    """What this account has."""
    asked = _asked(response)
    quota = _quota(response, asked["ServiceCode"], asked["QuotaCode"], response.current_account)
    return json.dumps({"Quota": quota})


def list_service_quotas(response: Any) -> str:
    """All of one service."""
    service = _asked(response)["ServiceCode"]
    if service == "ec2":
        quotas = [_quota(response, service, code, response.current_account) for code in _EC2]
    else:
        quotas = response.backend.list_aws_default_service_quotas(service)
    return json.dumps({"Quotas": quotas})


def request_service_quota_increase(response: Any) -> str:
    """Ask for a higher quota; nobody decides here.

    https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_RequestServiceQuotaIncrease.html
    """
    asked = _asked(response)
    service, code = asked["ServiceCode"], asked["QuotaCode"]
    quota = _quota(response, service, code, response.current_account)
    if any(one["Status"] in _OPEN for one in _about(response, service, code)):
        # The AWS provider knows these words.
        raise RefusedRequestError(
            "ResourceAlreadyExistsException",
            "Only one open service quota increase request is allowed per quota.",
        )
    if asked["DesiredValue"] <= quota["Value"]:
        raise RefusedRequestError(
            "IllegalArgumentException",
            "You must provide a quota value greater than the current quota value.",
        )
    made = {
        "Id": uuid.uuid4().hex,
        "Status": "PENDING",
        "Created": time.time(),
        "LastUpdated": time.time(),
        "DesiredValue": asked["DesiredValue"],
        **{
            name: quota[name]
            for name in ("ServiceCode", "ServiceName", "QuotaCode", "QuotaName", "QuotaArn", "Unit")
        },
        "GlobalQuota": False,
    }
    _requests(response)[made["Id"]] = made
    return json.dumps({"RequestedQuota": made})


def get_requested_service_quota_change(response: Any) -> str:
    """How one request stands."""
    found = _requests(response).get(_asked(response)["RequestId"])
    if found is None:
        raise NoSuchResource
    return json.dumps({"RequestedQuota": found})


def list_requested_service_quota_change_history(response: Any) -> str:
    """What was asked for, all or for one service."""
    return json.dumps({"RequestedQuotas": list(_about(response, _asked(response).get("ServiceCode")))})


def list_requested_service_quota_change_history_by_quota(response: Any) -> str:
    """What was asked for of one quota."""
    asked = _asked(response)
    found = _about(response, asked["ServiceCode"], asked["QuotaCode"])
    return json.dumps({"RequestedQuotas": list(found)})


def _about(response: Any, service: str | None, code: str | None = None) -> Iterator[dict[str, Any]]:
    for one in _requests(response).values():
        if service in (None, one["ServiceCode"]) and code in (None, one["QuotaCode"]):
            yield one
