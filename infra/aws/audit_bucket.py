"""The bucket of the trail: locked, so that whoever breaks in cannot remove the traces."""

from __future__ import annotations

import pulumi
from pulumi import Input
from pulumi_aws.s3.bucket import Bucket
from pulumi_aws.s3.bucket_object_lock_configuration import BucketObjectLockConfiguration
from pulumi_aws.s3.bucket_policy import BucketPolicy

from infra.aws import bucket_policies
from infra.aws.account import Account
from infra.aws.documents import Statement, allow, document
from infra.aws.lifecycle import expire_after, expire_noncurrent
from infra.aws.private_bucket import create_private_bucket, encrypt_with
from infra.conventions import DataClass

TRAIL_PREFIX = "cloudtrail"
"""Where the trail writes."""
_NONCURRENT_DAYS = 30


def create_audit_bucket(
    name: str,
    *,
    account: Account,
    bucket_name: str,
    key_arn: Input[str],
    trail_arn: str,
    lock_mode: str,
    lock_days: int,
    keep_days: int,
    protect: bool,
    opts: pulumi.ResourceOptions,
) -> tuple[Bucket, BucketPolicy]:
    """Create the bucket, whose every new object is locked for `lock_days` and deleted after `keep_days`."""
    bucket = create_private_bucket(
        name,
        bucket_name=bucket_name,
        data_class=DataClass.AUDIT,
        rules=[expire_after(keep_days), expire_noncurrent(_NONCURRENT_DAYS)],
        protect=protect,
        object_lock=True,
        opts=opts,
    )
    BucketObjectLockConfiguration(
        name,
        bucket=bucket.bucket,
        rule={"default_retention": {"mode": lock_mode, "days": lock_days}},
        opts=opts,
    )
    encrypt_with(name, bucket, key_arn, opts=opts)
    bucket_arn = account.bucket_arn(bucket_name)
    statements = [*bucket_policies.tls_only(bucket_arn), *_written_by_trail(bucket_arn, account, trail_arn)]
    return bucket, BucketPolicy(name, bucket=bucket.bucket, policy=document(*statements), opts=opts)


def _written_by_trail(bucket_arn: str, account: Account, trail_arn: str) -> list[Statement]:
    """What CloudTrail needs, for one trail: a trail of somebody else cannot write into the bucket."""
    trail = {"Service": "cloudtrail.amazonaws.com"}
    ours = {"aws:SourceArn": trail_arn}
    return [
        allow(
            "CheckByTrail",
            principals=trail,
            actions=["s3:GetBucketAcl"],
            resources=[bucket_arn],
            conditions={"StringEquals": ours},
        ),
        allow(
            "WriteByTrail",
            principals=trail,
            actions=["s3:PutObject"],
            resources=[f"{bucket_arn}/{TRAIL_PREFIX}/AWSLogs/{account.id}/*"],
            conditions={"StringEquals": ours | {"s3:x-amz-acl": "bucket-owner-full-control"}},
        ),
    ]
