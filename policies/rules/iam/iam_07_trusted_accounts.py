"""IAM-07: no stranger can take a role."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.principals import accounts_of, is_open, own_account, pinned
from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.iam._documents import ROLE
from policies.rules.iam._trust import trusts

THIRD_PARTY = ("sts:ExternalId", "aws:PrincipalOrgID")


def check(role: Resource, context: Context) -> Iterator[Finding]:
    """Principals are named; foreign accounts are trusted, of our organisation, or give an external id."""
    known = {own_account(context.stack), *context.settings.trusted_accounts}
    for statement in trusts(role):
        if is_open(statement):
            yield Finding(path=statement.path, message="anybody is trusted", key=statement.sid)
        elif accounts_of(statement) - known and not pinned(statement, *THIRD_PARTY):
            message = "trusts an account that is not in trusted_accounts, without an external id"
            yield Finding(path=statement.path, message=message, key=statement.sid)


RULE = Rule(
    id="IAM-07",
    title="Only named principals of our account and trusted ones take a role.",
    severity=Severity.CRITICAL,
    why="A trust policy is the door of the account; others decide who comes through a foreign one.",
    remediation=(
        "Name principals. Add people's account to trusted_accounts, or ask third parties for an ExternalId."
    ),
    frameworks={
        Framework.HIPAA: ("164.308(a)(4)(ii)(B)", "164.312(a)(1)"),
        Framework.SOC2: ("CC6.3",),
        Framework.PCI_DSS: ("7.2.1", "7.3.1"),
        Framework.NIST: ("AC-3", "AC-6"),
    },
    equivalents=("CKV_AWS_60", "CKV_AWS_61", "prowler:iam_no_custom_policy_permissive_role_assumption"),
    enforcement=ALWAYS,
    types=(ROLE,),
    check=check,
    needs_stack=True,
)
