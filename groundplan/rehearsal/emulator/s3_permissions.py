"""Which IAM actions a call to S3 needs, on the bucket, its objects and the keys they are encrypted with.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from moto.kms.models import kms_backends
from moto.s3.models import s3_backends

from groundplan.rehearsal.emulator import access_points
from groundplan.rehearsal.emulator.calls import Call
from groundplan.rehearsal.emulator.eks.account import Account
from groundplan.rehearsal.emulator.need import Need

_ACTIONS = {
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteObjects": "DeleteObject",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
_OF_VERSIONS = {
    "DeleteObject": "DeleteObjectVersion",
    "GetObject": "GetObjectVersion",
    "GetObjectTagging": "GetObjectVersionTagging",
}
_KEY_USE = {
    "CopyObject": ("kms:GenerateDataKey",),
    "CreateMultipartUpload": ("kms:GenerateDataKey", "kms:Decrypt"),
    "PutObject": ("kms:GenerateDataKey",),
}
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html: parts are read again."""


def object_needs(call: Call, account: Account) -> Iterator[Need]:
    """The permissions that a call to S3 needs."""
    bucket, key = call.parameters.get("Bucket"), call.parameters.get("Key")
    action = _ACTIONS.get(call.operation, call.operation)
    if "versionId" in call.request.args:
        action = _OF_VERSIONS.get(action, action)
    if not bucket:
        yield Need(f"s3:{action}", "*")
        return
    point = call.request.environ.get(access_points.USED)
    for name in _deleted_keys(call) if call.operation == "DeleteObjects" else [key]:
        yield Need(f"s3:{action}", _arn(bucket, name))
        if point:  # both have to let the request through
            yield Need(f"s3:{action}", f"{point}/object/{name}" if name else point)
    yield from _source_needs(call, account)
    if action == "GetObject":
        yield from _decrypt(bucket, key, account)
    encrypting = _encryption_key(call, bucket, account)
    if encrypting:
        yield from (Need(use, encrypting, "s3") for use in _KEY_USE.get(call.operation, ()))


def _arn(bucket: str, key: str | None) -> str:
    return f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"


def _deleted_keys(call: Call) -> list[str]:
    return [unquote(key) for key in re.findall(r"<Key>([^<]*)</Key>", call.request.get_data(as_text=True))]


def _source_needs(call: Call, account: Account) -> Iterator[Need]:
    """Whoever copies an object also reads it."""
    source = unquote(call.request.headers.get("x-amz-copy-source", "")).lstrip("/").partition("?")[0]
    if source:
        bucket, _, key = source.partition("/")
        yield Need("s3:GetObject", _arn(bucket, key))
        yield from _decrypt(bucket, key, account)


def _decrypt(bucket_name: str, key: str | None, account: Account) -> Iterator[Need]:
    bucket = _bucket(bucket_name, account)
    stored = bucket.keys.get(key) if bucket and key else None
    if stored is not None and getattr(stored, "encryption", None) == "aws:kms":
        arn = _key_arn(stored.kms_key_id, account)
        if arn:
            yield Need("kms:Decrypt", arn, "s3")


def _encryption_key(call: Call, bucket_name: str, account: Account) -> str | None:
    """The key that a new object is encrypted with: the request's, or the bucket's default."""
    asked = call.request.headers.get("x-amz-server-side-encryption-aws-kms-key-id")
    bucket = _bucket(bucket_name, account)
    rule: dict[str, Any] = ((bucket.encryption if bucket else None) or {}).get("Rule", {})
    default = rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID")
    return _key_arn(asked or default, account)


def _bucket(name: str, account: Account) -> Any:
    return s3_backends[account.account_id]["aws"].buckets.get(name)


def _key_arn(key_id: str | None, account: Account) -> str | None:
    backend = kms_backends[account.account_id][account.region]
    key = backend.keys.get(backend.any_id_to_key_id(key_id)) if key_id else None
    return key.arn if key else None
