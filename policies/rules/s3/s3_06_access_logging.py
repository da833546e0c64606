"""S3-06: access to every bucket is logged into another one."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import IN_PROD, Context, Finding, Framework, Rule, Severity
from policies.rules.s3._buckets import BUCKET, LOGGING, settings_of, takes_access_logs


def check(bucket: Resource, context: Context) -> Iterator[Finding]:
    """A BucketLogging names it and another bucket as the target. Buckets that take access logs need none."""
    if takes_access_logs(bucket, context):
        return
    settings = settings_of(bucket, context, LOGGING)
    if not settings:
        yield Finding(path="", message=f"no BucketLogging names {bucket.name}", key="none")
    for each in settings:
        targets = context.stack.referred(each, "targetBucket", BUCKET)
        itself = bucket in targets or (
            not targets and each.view.text("targetBucket") in {"", bucket.properties.get("bucket")}
        )
        if itself:
            yield Finding(path="targetBucket", message=f"{each.name} names no other bucket", key="target")


RULE = Rule(
    id="S3-06",
    title="Access to every bucket is logged into another bucket.",
    severity=Severity.MEDIUM,
    why="After a leak, nobody could say who had read what.",
    remediation="Add a BucketLogging whose target is the access-logs bucket.",
    frameworks={
        Framework.CIS_AWS: ("3.4",),
        Framework.HIPAA: ("164.312(b)", "164.308(a)(1)(ii)(D)"),
        Framework.SOC2: ("CC7.2",),
        Framework.PCI_DSS: ("10.2.1",),
        Framework.NIST: ("AU-2", "AU-12"),
    },
    equivalents=("CKV_AWS_18", "FSBP S3.9", "prowler:s3_bucket_server_access_logging_enabled"),
    enforcement=IN_PROD,
    types=(BUCKET,),
    check=check,
    needs_stack=True,
)
