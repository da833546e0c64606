"""IAM-02: no policy allows everything that a service can do."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.iam._documents import IDENTITY_TYPES, allowances

WILD = set("*?")


def check(policy: Resource, context: Context) -> Iterator[Finding]:
    """Each action names a service and at least the beginning of what it does there."""
    del context
    for statement in allowances(policy):
        if statement.not_actions:
            message = "allows all but some actions, and with them those that AWS adds later"
            yield Finding(path=statement.path, message=message, key=statement.sid)
        elif any(_is_whole_service(action) for action in statement.actions):
            message = "allows everything that a service can do"
            yield Finding(path=statement.path, message=message, key=statement.sid)


def _is_whole_service(action: str) -> bool:
    service, _, name = action.partition(":")
    return bool(WILD & set(service)) or set(name) <= WILD


RULE = Rule(
    id="IAM-02",
    title="No policy allows everything that a service can do.",
    severity=Severity.HIGH,
    why="Among a service's actions are those that delete, share, and pay; and AWS adds new ones.",
    remediation="Name the actions that the role calls; the trail's records show which.",
    frameworks={
        Framework.HIPAA: ("164.308(a)(4)(ii)(B)",),
        Framework.GDPR: ("25",),
        Framework.SOC2: ("CC6.3",),
        Framework.PCI_DSS: ("7.2.1", "7.2.2"),
        Framework.NIST: ("AC-6",),
    },
    equivalents=("CKV_AWS_63", "FSBP IAM.21"),
    enforcement=FROM_STAGING,
    types=IDENTITY_TYPES,
    check=check,
)
