"""IAM-05: nobody can give themselves more than they were given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from policies.core.documents import Statement
from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.iam._documents import IDENTITY_TYPES, ROLE, identity_statements
from policies.rules.iam._escalation import PATHS

LAUNCH = ("iam:PassRole", "ec2:RunInstances")


def check(policy: Resource, context: Context) -> Iterator[Finding]:
    """Its statements together allow all actions of no known way. A denial for all resources counts."""
    statements = identity_statements(policy)
    where = "inlinePolicies" if policy.type == ROLE else "policy"
    for path in PATHS:
        if path == LAUNCH and _hands_out_machine_roles_only(statements, context):
            continue
        if all(_allowed(action, statements) for action in path):
            message = f"allows {' with '.join(path)}"
            yield Finding(path=where, message=message, key="+".join(path))


def _hands_out_machine_roles_only(statements: Sequence[Statement], context: Context) -> bool:
    """Whether each role that may be passed is one of machines, by name: it can do less than its passer."""
    passed = [
        resource
        for statement in statements
        if statement.allow and statement.covers("iam:PassRole")
        for resource in statement.resources or ("*",)
    ]
    patterns = context.settings.machine_roles
    return bool(passed) and all(
        any(re.fullmatch(pattern, resource) for pattern in patterns) for resource in passed
    )


def _allowed(action: str, statements: Sequence[Statement]) -> bool:
    concerned = [statement for statement in statements if statement.covers(action)]
    denied = any(
        not statement.allow and "*" in statement.resources and not statement.conditions
        for statement in concerned
    )
    return not denied and any(statement.allow for statement in concerned)


RULE = Rule(
    id="IAM-05",
    title="Nobody can give themselves more rights than they were given.",
    severity=Severity.CRITICAL,
    why="A policy that may be rewritten by its own holder is no limit.",
    remediation="Leave changes of identities to the deployer; remove one action of the set that is named.",
    frameworks={
        Framework.HIPAA: ("164.308(a)(4)(ii)(C)",),
        Framework.SOC2: ("CC3.3", "CC6.3"),
        Framework.PCI_DSS: ("7.2.1", "7.2.2"),
        Framework.NIST: ("AC-6",),
    },
    equivalents=(
        "CKV_AWS_286",
        "prowler:iam_policy_allows_privilege_escalation",
        "prowler:iam_inline_policy_allows_privilege_escalation",
    ),
    enforcement=ALWAYS,
    types=IDENTITY_TYPES,
    check=check,
)
