"""What Amazon Managed Grafana does not take, and the endpoints that lead to its workspaces."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.model import Shape
from moto.core.exceptions import ServiceException
from moto.ec2.exceptions import InvalidParameter
from moto.ec2.models import EC2Backend
from moto.iam.models import Role

from groundplan.rehearsal.emulator.eks.account import Account, trusts
from groundplan.rehearsal.emulator.eks.errors import EksError
from groundplan.rehearsal.emulator.patching import wrap
from groundplan.rehearsal.emulator.policy_conditions import satisfied
from groundplan.rehearsal.emulator.request_context import RequestContext, unasked_keys
from groundplan.rehearsal.emulator.shapes import problems

VERSIONS = ("9.4", "10.4", "12.4", "13.2")
"""As the documents of pulumi-aws 7.51 list them."""
_PRINCIPAL = "grafana.amazonaws.com"
_ENDPOINT = ".grafana-workspace"
_MOST_WAYS_IN = 5
_OPTIONS = {("plugins", "pluginAdminEnabled"), ("unifiedAlerting", "enabled")}
_NAME = re.compile(r"[a-zA-Z0-9-._~]{1,255}")
_USER = re.compile(r"([0-9a-fA-F]{10}-)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
"""https://docs.aws.amazon.com/grafana/latest/APIReference/API_User.html"""


class InvalidError(ServiceException):
    """A value that AWS does not take."""

    code = "ValidationException"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.reason = "FIELD_VALIDATION_FAILED"


def install() -> None:
    """Refuse policies of endpoints that can have none; a second call changes nothing.

    https://docs.aws.amazon.com/grafana/latest/userguide/VPC-endpoints.html
    """
    wrap(EC2Backend, "create_vpc_endpoint", _create_without_policy, only_refuses=True)
    wrap(EC2Backend, "modify_vpc_endpoint", _modify_without_policy, only_refuses=True)


def _create_without_policy(original: Callable[..., Any], backend: Any, *args: Any, **asked: Any) -> Any:
    if asked.get("policy_document"):
        _refuse_policy(asked["service_name"])
    return original(backend, *args, **asked)


def _modify_without_policy(original: Callable[..., Any], backend: Any, *args: Any, **asked: Any) -> None:
    endpoint = backend.vpc_end_points.get(asked.get("vpc_id"))
    if endpoint and asked.get("policy_doc"):
        _refuse_policy(endpoint.service_name)
    original(backend, *args, **asked)


def _refuse_policy(service: str) -> None:
    if service.endswith(_ENDPOINT):
        raise InvalidParameter(f"Service {service} only supports the full-access endpoint policy.")


def check_shape(shape: Shape, asked: Mapping[str, Any]) -> None:
    """Types, enumerations, lengths and patterns of the service model, and of ids in its documents."""
    wrong = list(problems(shape, dict(asked)))
    if not _NAME.fullmatch(asked.get("workspaceName", "-")):
        wrong.append(f"workspaceName {asked['workspaceName']} does not match {_NAME.pattern}")
    wrong += [
        f"{user['id']} is no id of a user or group"
        for instruction in asked.get("updateInstructionBatch") or []
        for user in instruction.get("users") or []
        if not _USER.fullmatch(user["id"])
    ]
    if wrong:
        raise InvalidError("; ".join(wrong))


def check_settings(asked: Mapping[str, Any], account: Account, arn: str) -> None:
    """What a workspace is made from, or is changed to.

    Args:
        asked: the parameters of the call, with what stays as it is.
        account: where they are looked up.
        arn: ARN of the workspace.
    """
    if asked["accountAccessType"] == "ORGANIZATION" and not asked.get("workspaceOrganizationalUnits"):
        raise InvalidError("workspaceOrganizationalUnits must be given with ORGANIZATION")
    role = asked.get("workspaceRoleArn")
    if asked["permissionType"] == "CUSTOMER_MANAGED" and not role:
        raise InvalidError("workspaceRoleArn must be given with CUSTOMER_MANAGED")
    if role:
        _check_role(account.role(role), role, account, arn)
    if asked.get("kmsKeyId"):
        try:
            account.require_key(asked["kmsKeyId"])
        except EksError as error:
            raise InvalidError(f"The KMS key {asked['kmsKeyId']} is not there, or not enabled") from error
    if asked.get("vpcConfiguration"):
        raise InvalidError("The emulator of the rehearsal has no workspaces with connections to a VPC.")
    if asked.get("networkAccessControl") is not None:
        _check_ways_in(asked["networkAccessControl"], account)


def _check_role(role: Role | None, arn: str, account: Account, workspace: str) -> None:
    """The role is there, and Grafana can take it for this workspace: AWS finds out at the first query."""
    if role is None or not trusts(role, _PRINCIPAL):
        raise InvalidError(f"Role {arn} does not exist, or does not trust {_PRINCIPAL}")
    keys = {"aws:sourceaccount": account.account_id, "aws:sourcearn": workspace}
    context = RequestContext(unasked_keys() | keys)
    statements: Sequence[Mapping[str, Any]] = json.loads(role.assume_role_policy_document)["Statement"]
    if not any(satisfied(statement.get("Condition", {}), context) for statement in statements):
        raise InvalidError(f"Role {arn} does not trust {_PRINCIPAL} for {workspace}")


def _check_ways_in(asked: Mapping[str, list[str]], account: Account) -> None:
    """Endpoints and lists of addresses. AWS passes over endpoints of other services: nobody could come in.

    https://docs.aws.amazon.com/grafana/latest/userguide/AMG-configure-nac.html
    """
    lists, endpoints = asked["prefixListIds"], asked["vpceIds"]
    if max(len(lists), len(endpoints)) > _MOST_WAYS_IN:
        raise InvalidError(f"At most {_MOST_WAYS_IN} prefix lists and {_MOST_WAYS_IN} VPC endpoints")
    for name in lists:
        if name not in account.ec2.managed_prefix_lists:
            raise InvalidError(f"Prefix list {name} does not exist")
    for name in endpoints:
        endpoint = account.ec2.vpc_end_points.get(name)
        if endpoint is None or not endpoint.service_name.endswith(_ENDPOINT):
            raise InvalidError(f"VPC endpoint {name} does not exist, or does not lead to {_ENDPOINT[1:]}")


def check_configuration(text: str) -> None:
    """JSON with the two options that there are.

    https://docs.aws.amazon.com/grafana/latest/userguide/AMG-configure-workspace.html
    """
    try:
        options = {
            (part, name): value for part, inner in json.loads(text).items() for name, value in inner.items()
        }
    except (ValueError, AttributeError) as error:
        raise InvalidError(f"The configuration is not an object of objects: {text}") from error
    for option, value in options.items():
        if option not in _OPTIONS or not isinstance(value, bool):
            raise InvalidError(f"The configuration has no option {'.'.join(option)} that can be {value!r}")


def check_version(version: str) -> None:
    """A version that AWS has."""
    if version not in VERSIONS:
        raise InvalidError(f"Grafana version {version} is not one of {', '.join(VERSIONS)}")


def check_upgrade(current: str, version: str) -> None:
    """A version that AWS has, and no older one.

    https://docs.aws.amazon.com/grafana/latest/userguide/AMG-workspace-version-update.html
    """
    check_version(version)
    if VERSIONS.index(version) < VERSIONS.index(current):
        raise InvalidError(f"A workspace of version {current} cannot go back to {version}")
