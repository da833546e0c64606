"""The bucket of settings: versioned but not locked, because AWS Config delivers into no locked bucket."""

from __future__ import annotations

import pulumi
from pulumi import Input
from pulumi_aws.s3.bucket import Bucket
from pulumi_aws.s3.bucket_policy import BucketPolicy

from infra.aws import bucket_policies
from infra.aws.account import Account
from infra.aws.documents import document
from infra.aws.lifecycle import expire_after, expire_noncurrent
from infra.aws.private_bucket import create_private_bucket, encrypt_with
from infra.conventions import DataClass

SETTINGS = "settings"
"""Part of the names of the bucket and of the recorder that writes into it."""
_NONCURRENT_DAYS = 30


def create_settings_bucket(
    name: str,
    *,
    account: Account,
    bucket_name: str,
    key_arn: Input[str],
    keep_days: int,
    protect: bool,
    opts: pulumi.ResourceOptions,
) -> tuple[Bucket, BucketPolicy]:
    """Create the bucket, whose objects are deleted after `keep_days`.

    It is none with object lock: https://docs.aws.amazon.com/config/latest/developerguide/manage-delivery-channel.html.
    The recorder writes by its role, so the bucket's policy lets nobody else in.
    """
    bucket = create_private_bucket(
        name,
        bucket_name=bucket_name,
        data_class=DataClass.SETTINGS,
        rules=[expire_after(keep_days), expire_noncurrent(_NONCURRENT_DAYS)],
        protect=protect,
        opts=opts,
    )
    encrypt_with(name, bucket, key_arn, opts=opts)
    statements = bucket_policies.tls_only(account.bucket_arn(bucket_name))
    return bucket, BucketPolicy(name, bucket=bucket.bucket, policy=document(*statements), opts=opts)
