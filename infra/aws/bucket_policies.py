"""Statements of bucket policies."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi import Input

from infra.aws.account import Account
from infra.aws.documents import Statement, allow, deny

_EVERYONE = {"AWS": "*"}
DATA_ACTIONS = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)
"""What is done with objects, as opposed to settings."""


def tls_only(bucket_arn: str) -> list[Statement]:
    """Refuse requests without TLS, and with TLS older than 1.2."""
    resources = [bucket_arn, f"{bucket_arn}/*"]
    return [
        deny(
            "DenyWithoutTls",
            principals=_EVERYONE,
            actions=["s3:*"],
            resources=resources,
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        ),
        deny(
            "DenyOldTls",
            principals=_EVERYONE,
            actions=["s3:*"],
            resources=resources,
            conditions={"NumericLessThan": {"s3:TlsVersion": "1.2"}},
        ),
    ]


def this_key_only(bucket_arn: str, key_arn: Input[str]) -> list[Statement]:
    """Refuse objects that ask for another encryption than the bucket's own.

    A request that asks for none is encrypted by the bucket's default. A negated operator holds where the key
    is missing, with `IfExists` or without: hence `Null`.
    """
    encryption = "s3:x-amz-server-side-encryption"
    key = f"{encryption}-aws-kms-key-id"
    return [
        deny(
            "DenyOtherEncryption",
            principals=_EVERYONE,
            actions=["s3:PutObject"],
            resources=[f"{bucket_arn}/*"],
            conditions={"Null": {encryption: "false"}, "StringNotEquals": {encryption: "aws:kms"}},
        ),
        deny(
            "DenyOtherKeys",
            principals=_EVERYONE,
            actions=["s3:PutObject"],
            resources=[f"{bucket_arn}/*"],
            conditions={"Null": {key: "false"}, "ArnNotEquals": {key: key_arn}},
        ),
    ]


def through_access_points(bucket_arn: str, account: Account) -> Statement:
    """Leave it to the account's access points who of the account may do what with objects through them."""
    return allow(
        "LeaveToAccessPoints",
        principals=_EVERYONE,
        actions=DATA_ACTIONS,
        resources=[bucket_arn, f"{bucket_arn}/*"],
        conditions={
            "StringEquals": {"aws:PrincipalAccount": account.id, "s3:DataAccessPointAccount": account.id}
        },
    )


def log_delivery(bucket_arn: str, account: Account, sources: Sequence[str]) -> Statement:
    """Let S3 write the access logs of the `sources`, buckets of this account, into the bucket."""
    return allow(
        "DeliverAccessLogs",
        principals={"Service": "logging.s3.amazonaws.com"},
        actions=["s3:PutObject"],
        resources=[f"{bucket_arn}/*"],
        conditions={
            "ArnEquals": {"aws:SourceArn": list(sources)},
            "StringEquals": {"aws:SourceAccount": account.id},
        },
    )
