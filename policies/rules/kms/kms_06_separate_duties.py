"""KMS-06: who administers a key cannot use it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policies.core.documents import Statement
from policies.core.resources import Resource
from policies.core.rule import IN_PROD, Context, Finding, Framework, Rule, Severity
from policies.rules.kms._keys import KEYS, policies_of

ADMINISTRATION = ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey")
USE = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:Sign")
ROOT_USER = ("aws:PrincipalType", "Account")
"""Narrows the account as principal to its root user."""


def check(key: Resource, context: Context) -> Iterator[Finding]:
    """No principal of its policy may both administer and use it, the whole account included."""
    for policy, statements in policies_of(key, context):
        administrators = _principals(statements, ADMINISTRATION)
        users = _principals(statements, USE)
        if administrators & users or ("*" in users and administrators):
            message = f"the policy of {policy.name} lets one principal both administer and use the key"
            yield Finding(path="policy", message=message, key="both")


def _principals(statements: Iterable[Statement], actions: Iterable[str]) -> set[str]:
    wanted = tuple(actions)
    return {
        _name(statement, value)
        for statement in statements
        if statement.allow and any(statement.covers(action) for action in wanted)
        for _, value in (*statement.principals, *(("*", "*") for _ in statement.not_principals))
    }


def _name(statement: Statement, value: str) -> str:
    """A principal. The root user is another than its account; a pinned one is whom it is pinned to."""
    key, wanted = ROOT_USER
    if wanted in statement.values(key):
        return f"root user of {value}"
    arns = statement.values("aws:PrincipalArn")
    return ",".join(sorted(arns)) if value == "*" and arns else value


RULE = Rule(
    id="KMS-06",
    title="Who administers a key cannot use it.",
    severity=Severity.MEDIUM,
    why="Otherwise whoever deploys can read all data, or lock out all others and keep it.",
    remediation="Write two statements with different principals, as infra/aws/key_policies.py does.",
    frameworks={
        Framework.SOC2: ("CC6.3",),
        Framework.PCI_DSS: ("3.6.1", "7.2.2"),
        Framework.NIST: ("AC-5", "SC-12"),
    },
    enforcement=IN_PROD,
    types=KEYS,
    check=check,
    needs_stack=True,
)
