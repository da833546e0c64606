"""Buckets by the class of their data, and what configures them."""

from __future__ import annotations

from policies.core.resources import Resource
from policies.core.rule import Context
from policies.core.values import View

BUCKET = "aws:s3/bucket:Bucket"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
KEY = "aws:kms/key:Key"


def data_class(bucket: Resource) -> str:
    """The tag DataClass, which infra/aws/private_bucket.py sets."""
    return bucket.view.text("tags.DataClass")


def is_personal(bucket: Resource, context: Context) -> bool:
    """Whether it may hold personal data, or what was made from it."""
    return data_class(bucket) in context.settings.personal_classes


def configuring(bucket: Resource, context: Context, type_: str) -> list[View]:
    """Properties of the resources of a type that are about a bucket."""
    return [each.view for each in context.stack.referring(bucket, type_, "bucket", by=("bucket",))]


def keys_of(bucket: Resource, context: Context) -> set[str]:
    """The KMS keys that a bucket encrypts with by default: URNs, or ARNs of keys of other stacks."""
    keys: set[str] = set()
    for each in context.stack.referring(bucket, ENCRYPTION, "bucket", by=("bucket",)):
        made_here = context.stack.referred(each, "rules", KEY)
        keys |= {key.urn for key in made_here}
        if not made_here:
            path = "applyServerSideEncryptionByDefault.kmsMasterKeyId"
            keys |= {arn for rule in each.view.objects("rules") if (arn := rule.text(path))}
    return keys


def whole_bucket_rules(lifecycle: View) -> list[View]:
    """Rules of a life cycle that are in force, for every object."""
    return [
        rule
        for rule in lifecycle.objects("rules")
        if rule.text("status") == "Enabled"
        and not rule.text("prefix")
        and all(key == "prefix" and not value for key, value in _filters(rule))
    ]


def _filters(rule: View) -> list[tuple[str, object]]:
    conditions = rule.object("filter")
    return [(key, conditions.value_of(key)) for key in conditions.keys()]  # noqa: SIM118 - a method of View
