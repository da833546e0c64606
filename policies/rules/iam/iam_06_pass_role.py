"""IAM-06: roles are handed on one by one, and to one service."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.iam._documents import IDENTITY_TYPES, allowances

PASS = "iam:PassRole"  # noqa: S105 - an action, not a password
SERVICE = "iam:PassedToService"
WILD = set("*?")


def check(policy: Resource, context: Context) -> Iterator[Finding]:
    """PassRole names the ARNs of roles, at least the beginnings of their names, and the service."""
    del context
    for statement in allowances(policy):
        if not statement.covers(PASS):
            continue
        names = [resource.rpartition(":role/")[2] for resource in statement.resources]
        if not names or any(set(name[:1]) & WILD for name in names):
            yield Finding(path=statement.path, message="may hand on any role", key=statement.sid)
        services = statement.values(SERVICE) if statement.has_condition(SERVICE) else ()
        if not services or any(set(service) & WILD for service in services):
            message = f"no condition on {SERVICE}"
            yield Finding(path=statement.path, message=message, key=statement.sid)


RULE = Rule(
    id="IAM-06",
    title="Roles are handed only to a named service, and only named ones.",
    severity=Severity.HIGH,
    why="Whoever may hand any role to any service can use the most powerful role of the account.",
    remediation="Scope iam:PassRole to the role's ARN and to one service by iam:PassedToService.",
    frameworks={
        Framework.SOC2: ("CC6.3",),
        Framework.PCI_DSS: ("7.2.2",),
        Framework.NIST: ("AC-6",),
    },
    enforcement=ALWAYS,
    types=IDENTITY_TYPES,
    check=check,
)
