"""IAM-10: pipelines take a role for one repository and environment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.iam._documents import ROLE
from policies.rules.iam._trust import claim, is_for_service_accounts, is_for_tokens, principals_of, trusts

GITHUB = "token.actions.githubusercontent.com"
GITHUB_SUBJECT = re.compile(r"repo:[\w.-]+/[\w.-]+:environment:[\w.-]+")
USERS = "cognito-identity.amazonaws.com"
"""Tokens of an application's users, who have no common subject."""


def check(role: Resource, context: Context) -> Iterator[Finding]:
    """Whom other issuers' tokens let in is named without patterns; of GitHub also by environment."""
    del context
    for statement in trusts(role):
        if not is_for_tokens(statement) or is_for_service_accounts(statement):
            continue
        if USERS in principals_of(statement, "Federated"):
            continue
        subjects = claim(statement, "sub")
        if not subjects:
            message = "no condition holds the token's sub to exact values"
            yield Finding(path=statement.path, message=message, key=statement.sid)
        named = [*principals_of(statement, "Federated"), *(key for _, key in statement.conditions)]
        github = any(GITHUB in each for each in named)
        if github and not all(GITHUB_SUBJECT.fullmatch(subject) for subject in subjects):
            message = "sub is not repo:OWNER/NAME:environment:NAME"
            yield Finding(path=statement.path, message=message, key=statement.sid)


RULE = Rule(
    id="IAM-10",
    title="Pipelines take a role only from a named repository and environment.",
    severity=Severity.CRITICAL,
    why="Tokens of the same issuer are given to everybody's pipelines, and to pull requests from forks.",
    remediation="Name subjects like repo:OWNER/NAME:environment:NAME in the settings of pipelines.",
    frameworks={
        Framework.SOC2: ("CC6.1", "CC8.1"),
        Framework.PCI_DSS: ("7.2.5",),
        Framework.NIST: ("IA-2", "AC-6"),
    },
    equivalents=("CKV_AWS_393", "CKV_AWS_358"),
    enforcement=ALWAYS,
    types=(ROLE,),
    check=check,
)
