"""Who reads and writes the objects of buckets: a bucket that S3 delivers access logs to, and its sources."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi import Input
from pulumi_aws.s3.bucket import Bucket
from pulumi_aws.s3.bucket_logging import BucketLogging
from pulumi_aws.s3.bucket_policy import BucketPolicy
from pulumi_aws.s3.bucket_server_side_encryption_configuration import BucketServerSideEncryptionConfiguration

from infra.aws import bucket_policies
from infra.aws.account import Account
from infra.aws.documents import document
from infra.aws.lifecycle import expire_after, expire_noncurrent
from infra.aws.private_bucket import create_private_bucket
from infra.conventions import DataClass


def create_log_bucket(
    name: str,
    *,
    bucket_name: str,
    account: Account,
    sources: Sequence[str],
    keep_days: int,
    noncurrent_days: int,
    protect: bool,
    opts: pulumi.ResourceOptions,
) -> tuple[Bucket, BucketPolicy]:
    """Create the bucket, and the policy without which S3 refuses it as a target.

    Args:
        name: Pulumi's name of the bucket and of all that belongs to it.
        bucket_name: its name in the world.
        account: where its sources are; S3 delivers within one region only.
        sources: ARNs of the buckets whose logs it takes.
        keep_days: days after which logs are deleted.
        noncurrent_days: days after which replaced and deleted objects are gone for good.
        protect: refuse to delete it.
        opts: options of all resources; they name the parent.
    """
    bucket = create_private_bucket(
        name,
        bucket_name=bucket_name,
        data_class=DataClass.ACCESS_LOGS,
        rules=[expire_after(keep_days), expire_noncurrent(noncurrent_days)],
        protect=protect,
        opts=opts,
    )
    BucketServerSideEncryptionConfiguration(
        name,
        bucket=bucket.bucket,
        # S3 delivers access logs to no bucket whose default is a KMS key.
        rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
        opts=opts,
    )
    arn = account.bucket_arn(bucket_name)
    statements = [
        *bucket_policies.tls_only(arn),
        bucket_policies.log_delivery(arn, account, sources),
    ]
    policy = BucketPolicy(name, bucket=bucket.bucket, policy=document(*statements), opts=opts)
    return bucket, policy


def log_access(
    name: str,
    bucket: Bucket,
    log_bucket: Input[str],
    log_policy: pulumi.Resource,
    *,
    prefix: Input[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Log the access to a bucket below a prefix of another one."""
    BucketLogging(
        name,
        bucket=bucket.bucket,
        target_bucket=log_bucket,
        target_prefix=prefix,
        # S3 refuses a target that does not yet let it write.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[log_policy])),
    )
