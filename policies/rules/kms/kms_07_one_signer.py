"""KMS-07: one role signs with a key."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.documents import Statement
from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.kms._keys import KEY, policies_of

SIGN = "kms:Sign"
USAGE = "SIGN_VERIFY"


def check(key: Resource, context: Context) -> Iterator[Finding]:
    """The key's own policy names who signs: one principal, by its whole ARN."""
    if key.view.text("keyUsage") != USAGE:
        return
    for policy, statements in policies_of(key, context):
        signers = {each for statement in statements for each in _signers(statement)}
        open_to = sorted(each for each in signers if "*" in each or each.endswith(":root"))
        if open_to:
            message = f"the policy of {policy.name} lets {', '.join(open_to)} sign: whoever IAM lets"
            yield Finding(path="policy", message=message, key="open")
        elif len(signers) > 1:
            message = f"the policy of {policy.name} lets {', '.join(sorted(signers))} sign"
            yield Finding(path="policy", message=message, key="several")


def _signers(statement: Statement) -> Iterator[str]:
    """Principals that may sign; those of a condition, where it says more than the statement itself."""
    if not statement.allow or not statement.covers(SIGN):
        return
    if statement.not_principals:
        yield "*"
        return
    for _, principal in statement.principals:
        pinned = statement.values("aws:PrincipalArn")
        yield from pinned if pinned and (principal == "*" or principal.endswith(":root")) else (principal,)


RULE = Rule(
    id="KMS-07",
    title="One role signs with a key, and the key's own policy says which.",
    severity=Severity.HIGH,
    why="A signature says who vouches. Where several can sign, or whoever IAM lets, it says nothing.",
    remediation="Write the policy by used_to_sign in infra/aws/key_policies.py: one role, by its ARN.",
    frameworks={
        Framework.HIPAA: ("164.312(c)(1)",),
        Framework.SOC2: ("CC6.1", "CC6.3"),
        Framework.NIST: ("AC-6", "SC-12", "SI-7"),
    },
    enforcement=ALWAYS,
    types=(KEY,),
    check=check,
    needs_stack=True,
)
