"""Sessions of roles: who a request is from, and what was said when the role was assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from moto.iam.models import Role
from moto.sts.models import AssumedRole, sts_backends

from groundplan.rehearsal.emulator.deployer import OBSERVER_NAME
from groundplan.rehearsal.emulator.eks.account import Account
from groundplan.rehearsal.emulator.policy_statements import Caller
from groundplan.rehearsal.world import DEPLOYER


@dataclass(frozen=True)
class SessionFacts:
    """What a session carries from its beginning to its end.

    Args:
        tags: session tags.
        source_identity: who took the role, by the name that the audit trail keeps.
    """

    tags: Mapping[str, str] = field(default_factory=dict)
    source_identity: str | None = None


_facts: WeakKeyDictionary[AssumedRole, SessionFacts] = WeakKeyDictionary()
"""moto's sessions have no place for them."""


def remember(session: AssumedRole, facts: SessionFacts) -> None:
    """Keep what was said when a role was assumed."""
    _facts[session] = facts


def facts_of(session: AssumedRole) -> SessionFacts:
    """What was said then; nothing if it was not said through STS."""
    return _facts.get(session, SessionFacts())


def find(account_id: str, access_key: str) -> AssumedRole | None:
    """The session that an access key belongs to."""
    return sts_backends[account_id]["aws"].get_assumed_role_from_access_key(access_key)


def role_name(session: AssumedRole) -> str:
    """Name of its role."""
    return session.role_arn.rpartition("/")[2]


def is_deployer(session: AssumedRole) -> bool:
    """Whether it is the deployer's, whom the account belongs to."""
    return role_name(session) == DEPLOYER


def is_observer(session: AssumedRole) -> bool:
    """Whether it is the rehearsal's own, which looks at the account from outside."""
    return role_name(session) == OBSERVER_NAME


def caller_of(session: AssumedRole) -> Caller:
    """The session as policies name it."""
    return Caller(session.role_arn, session.arn, session.account_id)


def identity_keys(session: AssumedRole, account: Account) -> dict[str, str | None]:
    """Condition keys about the principal, in lower case."""
    facts, role = facts_of(session), account.role(session.role_arn)
    tags = role_tags(role) | dict(facts.tags)
    return {
        "aws:principalarn": session.role_arn,
        "aws:principalaccount": session.account_id,
        "aws:principaltype": "AssumedRole",
        "aws:sourceidentity": facts.source_identity,
        "aws:userid": session.user_id,
        **{f"aws:principaltag/{name.lower()}": value for name, value in tags.items()},
    }


def role_tags(role: Role | None) -> dict[str, str]:
    """Tags of a role, which are tags of its sessions as well."""
    tags: Any = role.tags if role else {}
    listed = tags.values() if isinstance(tags, dict) else tags or []
    return {tag["Key"]: tag["Value"] for tag in listed}
