"""What rules about buckets share: a bucket's settings are resources of their own, joined by its name."""

from __future__ import annotations

from policies.core.resources import Resource
from policies.core.rule import Context

BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
LOGGING = "aws:s3/bucketLogging:BucketLogging"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
ACL = "aws:s3/bucketAcl:BucketAcl"


def settings_of(bucket: Resource, context: Context, type_: str) -> list[Resource]:
    """The resources of one type that are about a bucket."""
    return context.stack.referring(bucket, type_, "bucket", by=("bucket",))


def takes_access_logs(bucket: Resource, context: Context) -> bool:
    """Whether S3 delivers access logs of other buckets into it."""
    own = settings_of(bucket, context, LOGGING)
    arriving = context.stack.referring(bucket, LOGGING, "targetBucket", by=("bucket",))
    return any(logging not in own for logging in arriving)


def data_class(bucket: Resource) -> str:
    """What kind of data it holds, by its tag."""
    return bucket.view.text("tags.DataClass")
