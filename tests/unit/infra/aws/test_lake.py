"""Tests of the lake: what holds for each bucket."""

from __future__ import annotations

import pytest

from tests.unit.infra.recording import ACCOUNT_ID, Recording, Registered, dev_estate, guarded_estate

ZONES = ("raw", "curated", "models", "checkpoints")
BUCKETS = (*ZONES, "access-logs")
each_bucket = pytest.mark.parametrize("zone", BUCKETS)
each_zone = pytest.mark.parametrize("zone", ZONES)


def _of(type_: str, zone: str, estate: Recording | None = None) -> Registered:
    return (estate or dev_estate()).one(f"aws:s3/{type_}", f"groundplan-dev-{zone}")


@each_bucket
def test_bucket_is_private(zone: str) -> None:
    """All four locks against public access, and no access lists."""
    block = _of("bucketPublicAccessBlock:BucketPublicAccessBlock", zone).inputs
    assert all(block[flag] for flag in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls"))
    assert block["restrictPublicBuckets"]
    controls = _of("bucketOwnershipControls:BucketOwnershipControls", zone).inputs
    assert controls["rule"] == {"objectOwnership": "BucketOwnerEnforced"}


@each_bucket
def test_bucket_name_is_unique_in_the_world(zone: str) -> None:
    """The account's number is part of it."""
    assert _of("bucket:Bucket", zone).inputs["bucket"] == f"groundplan-dev-{zone}-{ACCOUNT_ID}"


@each_bucket
def test_bucket_is_versioned_and_forgets(zone: str) -> None:
    """Mistakes can be undone for a while; unfinished uploads and old versions do not stay for ever."""
    assert _of("bucketVersioning:BucketVersioning", zone).inputs["versioningConfiguration"] == {
        "status": "Enabled"
    }
    rules = _of("bucketLifecycleConfiguration:BucketLifecycleConfiguration", zone).inputs["rules"]
    (rule,) = [rule for rule in rules if rule["id"] == "expire-noncurrent"]
    assert rule["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 30}


@each_bucket
def test_bucket_speaks_tls_only(zone: str) -> None:
    """Requests without TLS, and with TLS older than 1.2, are denied to everyone."""
    policy = {statement["Sid"]: statement for statement in _of("bucketPolicy:BucketPolicy", zone).document()}
    for sid in ("DenyWithoutTls", "DenyOldTls"):
        assert policy[sid]["Effect"] == "Deny"
        assert policy[sid]["Principal"] == {"AWS": "*"}
        assert len(policy[sid]["Resource"]) == 2
    assert policy["DenyWithoutTls"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert policy["DenyOldTls"]["Condition"] == {"NumericLessThan": {"s3:TlsVersion": "1.2"}}


@pytest.mark.parametrize(
    ("zone", "key"),
    [("raw", "lake"), ("curated", "lake"), ("models", "models"), ("checkpoints", "models")],
)
def test_zone_is_encrypted_with_the_key_of_its_class(zone: str, key: str) -> None:
    """By default, with a bucket key; an upload that asks for another key is denied."""
    key_arn = f"arn:of:aws:kms/key:Key:groundplan-dev-{key}"
    (rule,) = _of(
        "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", zone
    ).inputs["rules"]
    assert rule["bucketKeyEnabled"] is True
    assert rule["applyServerSideEncryptionByDefault"] == {
        "sseAlgorithm": "aws:kms",
        "kmsMasterKeyId": key_arn,
    }
    conditions = [statement["Condition"] for statement in _of("bucketPolicy:BucketPolicy", zone).document()]
    encryption, key = "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"
    assert {"Null": {key: "false"}, "ArnNotEquals": {key: key_arn}} in conditions
    assert {"Null": {encryption: "false"}, "StringNotEquals": {encryption: "aws:kms"}} in conditions


@each_zone
def test_access_to_a_zone_is_logged(zone: str) -> None:
    """Into the log bucket, below the zone's name, and only once S3 may write there."""
    logging = _of("bucketLogging:BucketLogging", zone)
    assert logging.inputs["targetBucket"] == f"groundplan-dev-access-logs-{ACCOUNT_ID}"
    assert logging.inputs["targetPrefix"] == f"{zone}/"
    assert _of("bucketPolicy:BucketPolicy", "access-logs").urn in logging.dependencies


def test_only_s3_writes_access_logs_and_only_for_our_buckets() -> None:
    """The delivery statement is held by source account and source buckets."""
    *_, delivery = _of("bucketPolicy:BucketPolicy", "access-logs").document()
    assert delivery["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert delivery["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT_ID}
    assert len(delivery["Condition"]["ArnEquals"]["aws:SourceArn"]) == len((*ZONES, "audit"))


def test_checkpoints_expire() -> None:
    """They are large, and worth little after a while."""
    rules = _of("bucketLifecycleConfiguration:BucketLifecycleConfiguration", "checkpoints").inputs["rules"]
    assert {"days": 14} in [rule["expiration"] for rule in rules]


@each_bucket
def test_buckets_are_guarded_where_data_is_protected(zone: str) -> None:
    """In production a bucket can neither be deleted nor emptied by Pulumi; in dev both."""
    guarded, free = _of("bucket:Bucket", zone, guarded_estate()), _of("bucket:Bucket", zone)
    assert (guarded.protect, guarded.inputs["forceDestroy"]) == (True, False)
    assert (free.protect, free.inputs["forceDestroy"]) == (False, True)
