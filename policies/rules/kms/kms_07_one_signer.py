"""KMS-07: one role signs with a key."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.core.documents import Statement
from policies.core.principals import is_open, pinned
from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.kms._keys import KEY, policies_of

SIGN, GRANT = "kms:Sign", "kms:CreateGrant"
USAGE = "SIGN_VERIFY"
FOR_AWS = ("bool", "kms:grantisforawsresource")
"""Such a grant is a service's of AWS, and none of them signs with a customer's key."""
_ACCOUNT = re.compile(r"\d{12}|.*:root")


def check(key: Resource, context: Context) -> Iterator[Finding]:
    """The key's own policy names who signs: one principal, by its whole ARN."""
    if key.view.text("keyUsage") != USAGE:
        return
    for policy, statements in policies_of(key, context):
        if any(_lets_others(statement) for statement in statements):
            message = f"the policy of {policy.name} allows grants, which may let anybody sign"
            yield Finding(path="policy", message=message, key="grants")
        signers = {each for statement in statements for each in _signers(statement)}
        several = sorted(each for each in signers if _means_several(each))
        if several:
            message = f"the policy of {policy.name} lets {', '.join(several)} sign: whoever IAM lets"
            yield Finding(path="policy", message=message, key="open")
        elif len(signers) > 1:
            message = f"the policy of {policy.name} lets {', '.join(sorted(signers))} sign"
            yield Finding(path="policy", message=message, key="several")


def _signers(statement: Statement) -> Iterator[str]:
    """Principals that may sign; those of a condition, where it says more than the statement."""
    if not statement.allow or not statement.covers(SIGN):
        return
    roles = pinned(statement, "aws:PrincipalArn")
    if statement.not_principals:
        yield "*"
    for _, principal in statement.principals:
        yield from roles if roles and (is_open(statement) or _ACCOUNT.fullmatch(principal)) else (principal,)


def _lets_others(statement: Statement) -> bool:
    conditions = {(operator.lower(), key): values for (operator, key), values in statement.conditions.items()}
    return statement.allow and statement.covers(GRANT) and conditions.get(FOR_AWS) != ("true",)


def _means_several(principal: str) -> bool:
    return bool(_ACCOUNT.fullmatch(principal) or {"*", "?"} & set(principal))


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
