"""S3-07: unfinished uploads and replaced objects do not stay for ever."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.s3._buckets import BUCKET
from policies.rules.s3._lifecycle import whole_bucket_rules

UPLOAD_DAYS = 7
UPLOADS = "abortIncompleteMultipartUpload.daysAfterInitiation"
NONCURRENT = "noncurrentVersionExpiration.noncurrentDays"


def check(bucket: Resource, context: Context) -> Iterator[Finding]:
    """Rules for the whole bucket abort uploads within a week and expire versions that are not current."""
    rules = whole_bucket_rules(bucket, context)
    uploads = [rule.number(UPLOADS) for rule in rules]
    noncurrent = [rule.number(NONCURRENT) for rule in rules]
    if not any(0 < days <= UPLOAD_DAYS for days in uploads):
        message = f"unfinished uploads are not aborted within {UPLOAD_DAYS} days"
        yield Finding(path="rules", message=message, key="uploads")
    if not any(noncurrent):
        yield Finding(path="rules", message="versions that are not current never expire", key="noncurrent")


RULE = Rule(
    id="S3-07",
    title="Unfinished uploads and replaced objects expire.",
    severity=Severity.LOW,
    why="Both are invisible in listings, cost money, and keep data longer than its purpose lasts.",
    remediation="Add expire_noncurrent of infra/aws/lifecycle.py to the bucket's life-cycle rules.",
    frameworks={
        Framework.GDPR: ("5(1)(e)",),
        Framework.SOC2: ("C1.2",),
        Framework.PCI_DSS: ("3.2.1",),
        Framework.NIST: ("SI-12",),
    },
    equivalents=(
        "CKV2_AWS_61",
        "CKV_AWS_300",
        "FSBP S3.10",
        "FSBP S3.13",
        "prowler:s3_bucket_lifecycle_enabled",
    ),
    enforcement=FROM_STAGING,
    types=(BUCKET,),
    check=check,
    needs_stack=True,
)
