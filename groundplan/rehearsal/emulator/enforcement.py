"""Refuses what the policies of a role's session do not allow, before moto sees the request.

Sessions of deployer and reader are let through unless the role was given policies: the account is theirs.
What the provider's calls need in them is noted: the role's policies are derived from it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from moto.core.exceptions import ServiceException
from moto.core.model import OperationModel
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from moto.sts.models import AssumedRole
from werkzeug.wrappers import Response

from groundplan.rehearsal.emulator import calls, sessions
from groundplan.rehearsal.emulator.calls import Call
from groundplan.rehearsal.emulator.deployer_record import DeployerRecord, by_provider
from groundplan.rehearsal.emulator.eks.account import Account
from groundplan.rehearsal.emulator.iam_policies import policies_of, refusal
from groundplan.rehearsal.emulator.need import Need
from groundplan.rehearsal.emulator.permissions_needed import needs
from groundplan.rehearsal.emulator.request_context import RequestContext, context_of

log = logging.getLogger(__name__)

PROVIDERS_CALL = "groundplan.call"
"""Where a request of the provider has what it asks for."""

_ALWAYS_ALLOWED = {("sts", "GetCallerIdentity")}
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html: even if it is denied."""
_CODES = {
    "ec2": "UnauthorizedOperation",
    "json": "AccessDeniedException",
    "rest-json": "AccessDeniedException",
}
_STATUS = {"json": 400}
_UNKNOWN = "<Error><Code>AccessDenied</Code><Message>{}</Message></Error>"


class RefusedError(ServiceException):
    """What the policies do not allow."""


def refuse(
    environ: dict[str, Any], account: Account, records: Mapping[str, DeployerRecord]
) -> Response | None:
    """The answer to a request that is not allowed; None for one that may go on.

    Args:
        environ: the request; its body is still there afterwards, and the provider's call is noted in it.
        account: where policies are looked up.
        records: where the needs of those whom the account belongs to are noted, by name of their role.
    """
    signed = calls.credential(environ)
    session = sessions.find(account.account_id, signed[0]) if signed else None
    if session is None or sessions.is_observer(session):
        return None
    record = records.get(sessions.role_name(session))
    trusted = record is not None and not _has_policies(session, account)
    record = record if by_provider(environ) else None
    if trusted and record is None:
        return None
    try:
        call = calls.read(environ)
    except calls.UnknownCallError as unknown:
        if trusted:
            log.warning("not recorded, because it is no known operation: %s", unknown)
            return None
        log.warning("refused, because it is no known operation: %s", unknown)
        return Response(_UNKNOWN.format(escape(str(unknown))), 403)
    if (call.model, call.operation) in _ALWAYS_ALLOWED:
        return None
    if record is not None:
        environ[PROVIDERS_CALL] = call
        for need in needs(call, account):
            record.note(need)
    reason = None if trusted else _reason(call, session, account)
    return _answer(call, reason) if reason else None


def _has_policies(session: AssumedRole, account: Account) -> bool:
    role = account.role(session.role_arn)
    return bool(role and role.managed_policies)


def _reason(call: Call, session: AssumedRole, account: Account) -> str | None:
    role = account.role(session.role_arn)
    if role is None:
        return f"User: {session.arn} is a session of a role that does not exist any more"
    policies = policies_of(role, session.policy, account)
    context = context_of(call, sessions.identity_keys(session, account))
    for need in needs(call, account):
        keys = _through(need, call, context)
        why = refusal(need, policies, sessions.caller_of(session), keys, account)
        if why:
            return (
                f"User: {session.arn} is not authorized to perform: {need.action} "
                f"on resource: {need.resource} {why}"
            )
    return None


def _through(need: Need, call: Call, context: RequestContext) -> RequestContext:
    """The keys of what a service does on the caller's behalf."""
    if need.through is None:
        return context
    via = {"kms:viaservice": f"{need.through}.{call.region}.amazonaws.com", "aws:viaawsservice": "true"}
    if need.action == "kms:CreateGrant":
        via["kms:grantisforawsresource"] = "true"
    return RequestContext(context | via)


def _answer(call: Call, reason: str) -> Response:
    log.info("refused: %s", reason)
    code, status = _CODES.get(call.protocol, "AccessDenied"), _STATUS.get(call.protocol, 403)
    return error_answer(call, code, reason, status)


def error_answer(call: Call, code: str, message: str, status: int) -> Response:
    """An error in the shape of the service's own."""
    service = get_service_model(call.model)
    serializer = get_serializer_class(call.model, call.protocol)(
        operation_model=OperationModel({}, service)
        if call.operation not in service.operation_names
        else service.operation_model(call.operation)
    )
    error = RefusedError(code, message)
    answer = serializer.serialize(error)
    body = b"" if call.request.method == "HEAD" else answer["body"]
    return Response(body, status, dict(answer["headers"]))  # type: ignore[arg-type]
