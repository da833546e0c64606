"""The statements of IAM policies: whom, what and when they are about, and what a policy says as a whole."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.iam.access_control import PermissionResult

from groundplan.rehearsal.emulator.policy_conditions import (
    Context,
    UnknownConditionError,
    as_list,
    glob,
    satisfied,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Caller:
    """Who makes a request. An unknown access key is nobody's.

    Args:
        arn: ARN of the user or of the role behind a session; None for an anonymous request.
        session_arn: ARN of the session, if it is one.
        account_id: the account that it belongs to.
        provider_arn: ARN of the identity provider that vouches for a caller without any of these.
        service: the AWS service that a caller without any of these is.
    """

    arn: str | None = None
    session_arn: str | None = None
    account_id: str | None = None
    provider_arn: str | None = None
    service: str | None = None

    def is_one_of(self, principal: Any) -> bool:
        """Whether a statement's `Principal` names this caller."""
        if principal == "*":
            return True
        if self.provider_arn and self.provider_arn in as_list(principal.get("Federated", [])):
            return True
        if self.service and self.service in as_list(principal.get("Service", [])):
            return True
        names = set(as_list(principal.get("AWS", [])))
        mine = {self.arn, self.session_arn, self.account_id, f"arn:aws:iam::{self.account_id}:root"}
        return "*" in names or (self.arn is not None and bool(names & mine))


def evaluate(
    policy: Mapping[str, Any], *, action: str, resource: str | None, caller: Caller | None, context: Context
) -> PermissionResult:
    """What a policy says to a request: a `Deny` that applies wins, then an `Allow`, else nothing.

    Statements that are not understood fail closed: a `Deny` applies, an `Allow` does not; the log says why.

    Args:
        policy: the document.
        action: the action as IAM names it, e.g. `s3:GetObject`.
        resource: ARN of what it is about; None for a trust policy, which has no resources.
        caller: who asks; None for an identity policy, which has no principals.
        context: the request's condition keys.
    """
    result = PermissionResult.NEUTRAL
    for statement in as_list(policy["Statement"]):
        denies = statement["Effect"] == "Deny"
        try:
            applies = _applies(statement, action, resource, caller, context)
        except UnknownConditionError as unknown:
            name = statement.get("Sid", "without Sid")
            effect = "it denies" if denies else "it allows nothing"
            log.error("policy, statement %s: the emulator lacks %s, so %s", name, unknown, effect)  # noqa: TRY400 - says all
            applies = denies
        if applies and denies:
            return PermissionResult.DENIED
        if applies:
            result = PermissionResult.PERMITTED
    return result


def _applies(
    statement: Mapping[str, Any], action: str, resource: str | None, caller: Caller | None, context: Context
) -> bool:
    if "NotPrincipal" in statement:
        raise UnknownConditionError("NotPrincipal")
    return (
        _named(statement, "Action", action, ignore_case=True)
        and (resource is None or _named(statement, "Resource", resource))
        and (caller is None or caller.is_one_of(statement.get("Principal", {})))
        and satisfied(statement.get("Condition", {}), context)
    )


def _named(statement: Mapping[str, Any], element: str, value: str, *, ignore_case: bool = False) -> bool:
    negated = f"Not{element}" in statement
    patterns = as_list(statement.get(f"Not{element}" if negated else element, []))
    return any(glob(pattern, value, ignore_case=ignore_case) for pattern in patterns) != negated
