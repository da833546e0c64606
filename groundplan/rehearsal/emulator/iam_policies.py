"""Decides what the session of a role may do: identity policies below a boundary, beside resource policies.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html: an explicit denial
anywhere wins; else the boundary and the session's own policy must allow it, and the identity's policies or
the resource's. A key's policy must allow it in any case, if only by handing the decision to the account.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.iam.models import ManagedPolicy, Role
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends

from groundplan.rehearsal.emulator import access_points
from groundplan.rehearsal.emulator.eks.account import Account
from groundplan.rehearsal.emulator.need import Need
from groundplan.rehearsal.emulator.policy_conditions import Context
from groundplan.rehearsal.emulator.policy_statements import Caller, evaluate

Document = Mapping[str, Any]

_DENIED, _PERMITTED = PermissionResult.DENIED, PermissionResult.PERMITTED


@dataclass(frozen=True)
class SessionPolicies:
    """The policies that a session is under.

    Args:
        identity: of the role, inline and attached.
        boundary: of the role; None if it has none.
        session: given when the role was assumed; None if none was.
    """

    identity: tuple[Document, ...]
    boundary: Document | None = None
    session: Document | None = None


def policies_of(role: Role, session_policy: str | None, account: Account) -> SessionPolicies:
    """Collect the policies of a role's session."""
    managed = (_current(policy) for policy in role.managed_policies.values())
    boundary = None
    if role.permissions_boundary_arn:
        # A boundary that does not exist any more allows nothing.
        found = account.iam.managed_policies.get(role.permissions_boundary_arn)
        boundary = json.loads(_current(found)) if found else {"Statement": []}
    return SessionPolicies(
        identity=tuple(json.loads(text) for text in (*role.policies.values(), *managed)),
        boundary=boundary,
        session=json.loads(session_policy) if session_policy else None,
    )


def _current(policy: ManagedPolicy) -> str:
    """The document of the version that is in force."""
    return next(one.document for one in policy.versions if one.is_default)


def refusal(
    need: Need, policies: SessionPolicies, caller: Caller, context: Context, account: Account
) -> str | None:
    """Why a permission is not there, in AWS' words; None if it is."""

    def ask(document: Document, who: Caller | None = None) -> PermissionResult:
        return evaluate(document, action=need.action, resource=need.resource, caller=who, context=context)

    resource = resource_policy(need.resource, account)
    for kind, document in _named(policies, resource):
        if ask(document, caller if kind == "resource" else None) == _DENIED:
            return f"with an explicit deny in {_ARTICLES[kind]} policy"
    if policies.boundary is not None and ask(policies.boundary) != _PERMITTED:
        return f"because no permissions boundary allows the {need.action} action"
    if policies.session is not None and ask(policies.session) != _PERMITTED:
        return f"because no session policy allows the {need.action} action"
    if need.action.startswith("kms:") and resource and ask(resource, caller) != _PERMITTED:
        return f"because no resource-based policy allows the {need.action} action"
    # A resource's policy that names the account only hands the decision to it.
    direct = resource is not None and ask(resource, replace(caller, account_id=None)) == _PERMITTED
    if not direct and all(ask(document) != _PERMITTED for document in policies.identity):
        return f"because no identity-based policy allows the {need.action} action"
    return None


_ARTICLES = {
    "identity": "an identity-based",
    "boundary": "a permissions boundary",
    "session": "a session",
    "resource": "a resource-based",
}


def _named(policies: SessionPolicies, resource: Document | None) -> Iterator[tuple[str, Document]]:
    for document in policies.identity:
        yield "identity", document
    for kind, document in (
        ("boundary", policies.boundary),
        ("session", policies.session),
        ("resource", resource),
    ):
        if document is not None:
            yield kind, document


def resource_policy(arn: str, account: Account) -> Document | None:
    """The policy of a bucket or an access point (also for objects) or of a key."""
    service, _, resource = arn.split(":", 2)[-1].partition(":")
    text: str | bytes | None = None
    if service == "s3" and ":accesspoint/" in arn:
        text = access_points.policy(arn, account.account_id)
    elif service == "s3":
        bucket = s3_backends[account.account_id]["aws"].buckets.get(arn.rpartition(":")[2].partition("/")[0])
        text = bucket.policy if bucket else None
    elif service == "kms":
        key = kms_backends[account.account_id][account.region].keys.get(resource.rpartition("/")[2])
        text = key.policy if key else None
    return json.loads(text) if text else None
