"""S3-11: bucket policies let nobody in but our own account and those on the list."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.principals import strangers
from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.s3._buckets import BUCKET, POLICY


def check(subject: Resource, context: Context) -> Iterator[Finding]:
    """No statement allows everybody, or an account that is neither ours nor trusted."""
    statements = subject.view.statements("policy")
    yield from strangers(statements, context)
    for statement in statements:
        if statement.allow and any(
            kind in {"CanonicalUser", "Federated"} for kind, _ in statement.principals
        ):
            message = "lets somebody in whose account cannot be told"
            yield Finding(path=statement.path, message=message, key=statement.sid)


RULE = Rule(
    id="S3-11",
    title="Bucket policies let nobody in but our account and trusted ones.",
    severity=Severity.CRITICAL,
    why="A bucket policy is the shortest way to publish data or to hand it to a stranger.",
    remediation=(
        "Name principals of this account, or add the other account to trusted_accounts of "
        "policies/settings.yaml."
    ),
    frameworks={
        Framework.HIPAA: ("164.308(a)(3)(i)", "164.312(a)(1)"),
        Framework.SOC2: ("CC6.1",),
        Framework.PCI_DSS: ("1.4.2", "7.3.1"),
        Framework.NIST: ("AC-3", "AC-6"),
    },
    equivalents=(
        "CKV_AWS_70",
        "FSBP S3.2",
        "FSBP S3.3",
        "FSBP S3.6",
        "prowler:s3_bucket_cross_account_access",
        "prowler:s3_bucket_policy_public_write_access",
    ),
    enforcement=ALWAYS,
    types=(BUCKET, POLICY),
    check=check,
    needs_stack=True,
)
