"""Tests of the lake: what holds for each bucket."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.infra.recording import ACCOUNT_ID, Recording, Registered, dev_estate, guarded_estate

ZONES = ("raw", "curated", "features", "models", "checkpoints")
LOGGED = (*ZONES, "query-results")
BUCKETS = (*LOGGED, "access-logs")
each_bucket = pytest.mark.parametrize("zone", BUCKETS)
each_zone = pytest.mark.parametrize("zone", ZONES)


def _of(type_: str, zone: str, estate: Recording | None = None) -> Registered:
    return (estate or dev_estate()).one(f"aws:s3/{type_}", f"groundplan-dev-{zone}")


def _rule(zone: str, name: str) -> Any:
    """A life-cycle rule of a bucket; None if it has no such rule."""
    rules = _of("bucketLifecycleConfiguration:BucketLifecycleConfiguration", zone).inputs["rules"]
    return next((rule for rule in rules if rule["id"] == name), None)


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
    [
        ("raw", "lake"),
        ("curated", "lake"),
        ("features", "lake"),
        ("models", "models"),
        ("checkpoints", "models"),
    ],
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
    assert len(delivery["Condition"]["ArnEquals"]["aws:SourceArn"]) == len((*LOGGED, "audit", "settings"))


@pytest.mark.parametrize(("zone", "days"), [("raw", 90), ("checkpoints", 14), ("access-logs", 90)])
def test_objects_expire_by_what_they_are(zone: str, days: int) -> None:
    """Personal data is deleted in time; checkpoints are large, and worth little after a while."""
    assert _rule(zone, "expire-current")["expiration"] == {"days": days}


@pytest.mark.parametrize("zone", ["curated", "features", "models"])
def test_tables_and_models_do_not_expire_by_object(zone: str) -> None:
    """A table whose files went one by one would be broken."""
    assert _rule(zone, "expire-current") is None


def test_objects_move_to_cheaper_storage_by_setting() -> None:
    """Raw data ages; a zone without tiers has no such rule."""
    assert _rule("raw", "move-to-tiers")["transitions"] == [{"days": 30, "storageClass": "STANDARD_IA"}]
    assert _rule("models", "move-to-tiers") is None


@pytest.mark.parametrize(
    ("zone", "data_class"),
    [
        ("raw", "personal"),
        ("curated", "internal"),
        ("features", "internal"),
        ("models", "models"),
        ("checkpoints", "checkpoints"),
        ("query-results", "internal"),
        ("access-logs", "access-logs"),
        ("audit", "audit"),
        ("settings", "settings"),
    ],
)
def test_a_bucket_says_what_its_data_is(zone: str, data_class: str) -> None:
    """Policies and reports go by the tag."""
    assert _of("bucket:Bucket", zone).inputs["tags"] == {"DataClass": data_class}


@each_zone
def test_a_zone_leaves_its_objects_to_access_points_of_the_account(zone: str) -> None:
    """And only to those, for callers of the account."""
    policy = {statement["Sid"]: statement for statement in _of("bucketPolicy:BucketPolicy", zone).document()}
    assert policy["LeaveToAccessPoints"]["Condition"] == {
        "StringEquals": {"aws:PrincipalAccount": ACCOUNT_ID, "s3:DataAccessPointAccount": ACCOUNT_ID}
    }


@each_zone
def test_an_access_point_is_for_one_tenants_roles_below_its_prefix(zone: str) -> None:
    """No role of anybody else is named, all others are kept out, and nothing can become public."""
    point = dev_estate().one("aws:s3/accessPoint:AccessPoint", f"dev-{zone}-vision")
    assert len(point.inputs["name"]) <= 50
    assert all(point.inputs["publicAccessBlockConfiguration"].values())
    *allowed, others = point.document()
    roles = {role for statement in allowed for role in statement["Principal"]["AWS"]}
    assert roles
    assert all(":groundplan-dev-vision-" in role for role in roles)
    arn = f"arn:aws:s3:eu-central-1:{ACCOUNT_ID}:accesspoint/dev-{zone}-vision"
    assert {statement["Resource"] for statement in allowed} == {arn, f"{arn}/object/vision/*"}
    assert others["Effect"] == "Deny"
    assert set(others["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]) == roles


def test_access_points_come_when_their_roles_are_long_there() -> None:
    """S3 refuses a policy that names a role of a moment ago: the add-ons take minutes after the cluster."""
    addons = {addon.urn for addon in dev_estate().of("aws:eks/addon:Addon") if addon.name == "coredns"}
    doors = dev_estate().one("groundplan:aws:AccessPoints")
    assert len(addons) == 1
    assert addons <= doors.dependencies, "and none is made before the component that it belongs to"


def test_access_points_say_what_the_roles_own_policies_say() -> None:
    """Training writes models; inference, which shares the door, only reads them."""
    point = dev_estate().one("aws:s3/accessPoint:AccessPoint", "dev-models-vision")
    writers = {
        role.rpartition("vision-")[2]
        for statement in point.document()
        if statement["Effect"] == "Allow" and "s3:PutObject" in statement["Action"]
        for role in statement["Principal"]["AWS"]
    }
    assert writers == {"training", "ml-engineer"}


@each_bucket
def test_buckets_are_guarded_where_data_is_protected(zone: str) -> None:
    """In production a bucket can neither be deleted nor emptied by Pulumi; in dev both."""
    guarded, free = _of("bucket:Bucket", zone, guarded_estate()), _of("bucket:Bucket", zone)
    assert (guarded.protect, guarded.inputs["forceDestroy"]) == (True, False)
    assert (free.protect, free.inputs["forceDestroy"]) == (False, True)
