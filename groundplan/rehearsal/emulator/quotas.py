"""Service Quotas, as far as moto 5.2.5 lacks them: asking for more, and what was asked for."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from moto.servicequotas.responses import ServiceQuotasResponse

from groundplan.rehearsal.emulator.patching import add, kept_in


def install() -> None:
    """Apply all; a second call changes nothing."""
    add(
        ServiceQuotasResponse,
        request_service_quota_increase=request_service_quota_increase,
        list_requested_service_quota_change_history=list_requested_service_quota_change_history,
    )


def _requests(response: Any) -> dict[str, Any]:
    return kept_in(response.backend, "requests")


def request_service_quota_increase(response: Any) -> str:
    """Ask for a higher quota; nobody decides here."""
    asked = json.loads(response.body)
    made = {
        "Id": uuid.uuid4().hex,
        "Status": "PENDING",
        "Created": time.time(),
        **{name: asked[name] for name in ("ServiceCode", "QuotaCode", "DesiredValue")},
    }
    _requests(response)[made["Id"]] = made
    return json.dumps({"RequestedQuota": made})


def list_requested_service_quota_change_history(response: Any) -> str:
    """What was asked for, all or for one service."""
    wanted = json.loads(response.body or "{}").get("ServiceCode")
    found = [one for one in _requests(response).values() if wanted in (None, one["ServiceCode"])]
    return json.dumps({"RequestedQuotas": found})
