"""S3-01: every bucket blocks public access."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity

FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"


def check(bucket: Resource, context: Context) -> Iterator[Finding]:
    """A block names the bucket, and all its four flags are true."""
    blocks = context.stack.referring(bucket, BLOCK, "bucket", by=("bucket",))
    if not blocks:
        yield Finding(path="", message=f"no BucketPublicAccessBlock names {bucket.name}")
    for block in blocks:
        for flag in FLAGS:
            if not block.view.flag(flag):
                yield Finding(path=flag, message=f"{flag} of {block.name} is not true", key=flag)


RULE = Rule(
    id="S3-01",
    title="Every bucket blocks public access.",
    severity=Severity.CRITICAL,
    why="One wrong ACL or policy would publish the lake.",
    remediation="Make buckets by infra/aws/private_bucket.py, which adds the block with all four flags.",
    frameworks={
        Framework.CIS_AWS: ("2.1.4",),
        Framework.HIPAA: ("164.308(a)(3)(i)",),
        Framework.SOC2: ("CC6.1",),
        Framework.PCI_DSS: ("1.4.2",),
    },
    equivalents=(
        "CKV_AWS_53",
        "CKV_AWS_54",
        "CKV_AWS_55",
        "CKV_AWS_56",
        "CKV2_AWS_6",
        "FSBP S3.8",
        "prowler:s3_bucket_level_public_access_block",
    ),
    enforcement=ALWAYS,
    types=("aws:s3/bucket:Bucket",),
    check=check,
    needs_stack=True,
)
