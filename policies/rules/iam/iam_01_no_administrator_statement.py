"""IAM-01: no policy allows everything on everything."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity


def check(policy: Resource, context: Context) -> Iterator[Finding]:
    """No statement allows `*` on `*`, under whatever condition."""
    del context
    for statement in policy.view.statements("policy"):
        everything = "*" in statement.actions or "*:*" in statement.actions
        if statement.allow and everything and "*" in statement.resources:
            yield Finding(path=statement.path, message="allows every action on everything", key=statement.sid)


RULE = Rule(
    id="IAM-01",
    title="No policy allows every action on every resource.",
    severity=Severity.CRITICAL,
    why="Whoever holds the role holds the account.",
    remediation="Name the actions and the ARNs that the role needs; see infra/aws/documents.py.",
    frameworks={
        Framework.CIS_AWS: ("1.15",),
        Framework.HIPAA: ("164.308(a)(4)(ii)(B)", "164.312(a)(1)"),
        Framework.GDPR: ("25",),
        Framework.SOC2: ("CC6.3",),
        Framework.NIST: ("AC-6",),
    },
    equivalents=("CKV_AWS_62", "FSBP IAM.1", "prowler:iam_inline_policy_no_administrative_privileges"),
    enforcement=ALWAYS,
    types=("aws:iam/policy:Policy", "aws:iam/rolePolicy:RolePolicy"),
    check=check,
)
