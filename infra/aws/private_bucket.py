"""A bucket as all of ours are: versioned, without public access, access lists or unfinished uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi import Input
from pulumi_aws.s3.bucket import Bucket
from pulumi_aws.s3.bucket_lifecycle_configuration import BucketLifecycleConfiguration
from pulumi_aws.s3.bucket_ownership_controls import BucketOwnershipControls
from pulumi_aws.s3.bucket_public_access_block import BucketPublicAccessBlock
from pulumi_aws.s3.bucket_server_side_encryption_configuration import BucketServerSideEncryptionConfiguration
from pulumi_aws.s3.bucket_versioning import BucketVersioning

from infra.conventions import DataClass

if TYPE_CHECKING:
    from pulumi_aws.s3 import BucketLifecycleConfigurationRuleArgsDict as Rule


def create_private_bucket(
    name: str,
    *,
    bucket_name: str,
    data_class: DataClass,
    rules: list[Rule],
    protect: bool,
    opts: pulumi.ResourceOptions,
    object_lock: bool = False,
) -> Bucket:
    """Create the bucket; encryption and policy are its owner's part.

    Args:
        name: Pulumi's name of the bucket and of all that belongs to it.
        bucket_name: its name in the world.
        data_class: becomes a tag.
        rules: life-cycle rules.
        protect: refuse to delete it; without it, it is deleted together with what it holds.
        opts: options of all resources; they name the parent.
        object_lock: whether versions can be locked. It cannot be switched off again.
    """
    bucket = Bucket(
        name,
        bucket=bucket_name,
        force_destroy=not protect,
        object_lock_enabled=object_lock,
        tags={"DataClass": data_class.value},
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=protect)),
    )
    BucketPublicAccessBlock(
        name,
        bucket=bucket.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )
    BucketOwnershipControls(
        name, bucket=bucket.bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=opts
    )
    versioning = BucketVersioning(
        name, bucket=bucket.bucket, versioning_configuration={"status": "Enabled"}, opts=opts
    )
    BucketLifecycleConfiguration(
        name,
        bucket=bucket.bucket,
        rules=rules,
        # Rules for noncurrent versions mean nothing before there are versions.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[versioning])),
    )
    return bucket


def encrypt_with(name: str, bucket: Bucket, key_arn: Input[str], *, opts: pulumi.ResourceOptions) -> None:
    """Encrypt what comes into a bucket with a key of KMS; `opts` name the parent."""
    BucketServerSideEncryptionConfiguration(
        name,
        bucket=bucket.bucket,
        rules=[
            {
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "aws:kms",
                    "kms_master_key_id": key_arn,
                },
                # One key request per bucket and hour instead of one per object.
                "bucket_key_enabled": True,
            }
        ],
        opts=opts,
    )
