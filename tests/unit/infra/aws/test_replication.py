"""Tests of the second copy of the lake: where it is, who makes it, and what it follows."""

from __future__ import annotations

import pytest

from tests.unit.infra.recording import ACCOUNT_ID, dev_estate, guarded_estate

_REQUEST = "aws:servicequotas/serviceQuota:ServiceQuota"
ESTATE = guarded_estate()
ZONES = ("raw", "curated", "features", "models")
KEYS = {
    zone: f"arn:of:aws:kms/key:Key:groundplan-dev-{name}"
    for zone, name in (
        *dict.fromkeys(("raw", "curated", "features"), "replicas").items(),
        ("models", "model-replicas"),
    )
}
"""Models have a key that opens no data, as in the lake itself."""
each_zone = pytest.mark.parametrize("zone", ZONES)


def test_there_is_no_second_copy_without_the_setting() -> None:
    """Nor a provider of a second region."""
    assert not dev_estate().of("aws:s3/bucketReplicationConfig:BucketReplicationConfig")
    assert len(dev_estate().of("pulumi:providers:aws")) == 1


def test_replicas_are_in_the_second_region_and_nothing_else_is() -> None:
    """Keys, buckets, the vault and requests go through the other provider; roles and rules do not."""
    [second] = [one for one in ESTATE.of("pulumi:providers:aws") if one.name == "aws-second"]
    assert second.inputs["region"] == "eu-north-1"
    there = {one.name for one in ESTATE.resources if one.custom and second.urn in one.provider}
    keys = ("replicas", "model-replicas", "backup-copies")
    assert there == {
        *(f"groundplan-dev-{name}" for name in keys),
        *(f"groundplan-dev-{zone}-replica" for zone in ZONES),
        "groundplan-dev-replica-access-logs",
        *(one.name for one in ESTATE.of(_REQUEST) if "standby" in one.name),
    }


@each_zone
def test_a_replica_is_as_private_as_its_source(zone: str) -> None:
    """Versioned, encrypted with the region's key, TLS only, guarded, and tagged as the source is."""
    name = f"groundplan-dev-{zone}-replica"
    bucket = ESTATE.one("aws:s3/bucket:Bucket", name)
    source = ESTATE.one("aws:s3/bucket:Bucket", f"groundplan-dev-{zone}")
    assert (bucket.protect, bucket.inputs["forceDestroy"]) == (True, False)
    assert bucket.inputs["tags"] == source.inputs["tags"]
    assert bucket.inputs["bucket"] == f"{name}-{ACCOUNT_ID}"
    block = ESTATE.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", name).inputs
    assert all(value for key, value in block.items() if key.startswith(("block", "ignore", "restrict")))
    (rule,) = ESTATE.one(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", name
    ).inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"] == KEYS[zone]
    sids = {statement["Sid"] for statement in ESTATE.one("aws:s3/bucketPolicy:BucketPolicy", name).document()}
    assert {"DenyWithoutTls", "DenyOldTls", "DenyOtherKeys"} <= sids


@each_zone
def test_objects_are_copied_in_time_encrypted_and_measured(zone: str) -> None:
    """Deletions are followed where data is personal; elsewhere the copy survives a mistake."""
    config = ESTATE.one("aws:s3/bucketReplicationConfig:BucketReplicationConfig", f"groundplan-dev-{zone}")
    (rule,) = config.inputs["rules"]
    assert rule["deleteMarkerReplication"] == {"status": "Enabled" if zone == "raw" else "Disabled"}
    destination = rule["destination"]
    assert destination["bucket"] == f"arn:aws:s3:::groundplan-dev-{zone}-replica-{ACCOUNT_ID}"
    assert destination["encryptionConfiguration"] == {"replicaKmsKeyId": KEYS[zone]}
    assert destination["metrics"] == {"status": "Enabled", "eventThreshold": {"minutes": 15}}
    assert rule["sourceSelectionCriteria"] == {"sseKmsEncryptedObjects": {"status": "Enabled"}}


@each_zone
def test_both_ends_keep_versions_before_there_is_a_rule(zone: str) -> None:
    """S3 refuses the rule else. What is below a component waits for what the component waits for."""
    config = ESTATE.one("aws:s3/bucketReplicationConfig:BucketReplicationConfig", f"groundplan-dev-{zone}")
    component = ESTATE.one("groundplan:aws:Replication")
    assert config.parent == component.urn
    for name in (f"groundplan-dev-{zone}", f"groundplan-dev-{zone}-replica"):
        assert ESTATE.one("aws:s3/bucketVersioning:BucketVersioning", name).urn in component.dependencies


def test_the_role_copies_and_nothing_else() -> None:
    """S3 takes it, which says of no source; no wildcard action; these buckets, each key in its own region."""
    (trust,) = ESTATE.one("aws:iam/role:Role", "groundplan-dev-replication").document("assumeRolePolicy")
    assert trust["Principal"] == {"Service": "s3.amazonaws.com"}
    assert "Condition" not in trust
    statements = {
        statement["Sid"]: statement
        for statement in ESTATE.one("aws:iam/rolePolicy:RolePolicy", "groundplan-dev-replication").document()
    }
    actions = {action for statement in statements.values() for action in statement["Action"]}
    assert not [action for action in actions if "*" in action]
    assert not actions & {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"}
    assert all(statement["Resource"] != "*" for statement in statements.values())
    assert len(statements["FindWhatToCopy"]["Resource"]) == len(ZONES)
    assert "eu-central-1" in str(statements["DecryptSources"]["Condition"])
    assert sorted(statements["EncryptReplicas"]["Resource"]) == sorted(set(KEYS.values()))
    assert "eu-north-1" in str(statements["EncryptReplicas"]["Condition"])


@pytest.mark.parametrize("name", ["replicas", "model-replicas"])
def test_only_administrators_manage_the_keys_of_the_replicas(name: str) -> None:
    """Administration and use are different statements, as for every key; use is through S3 of its region."""
    key = ESTATE.one("aws:kms/key:Key", f"groundplan-dev-{name}")
    assert (key.protect, key.inputs["enableKeyRotation"], key.inputs["deletionWindowInDays"]) == (
        True,
        True,
        30,
    )
    use = {statement["Sid"]: statement for statement in key.document()}["UseThroughService"]
    assert use["Condition"]["StringEquals"]["kms:ViaService"] == "s3.eu-north-1.amazonaws.com"


@each_zone
def test_reading_a_replica_is_recorded_like_reading_its_source(zone: str) -> None:
    """The trail covers all regions."""
    trail = ESTATE.one("aws:cloudtrail/trail:Trail")
    watched = str(trail.inputs["advancedEventSelectors"])
    assert f"arn:aws:s3:::groundplan-dev-{zone}-replica-{ACCOUNT_ID}/" in watched
