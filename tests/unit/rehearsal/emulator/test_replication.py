"""Replication of buckets as the AWS provider configures it, and the copies that it makes."""

from __future__ import annotations

import json
import time
from collections.abc import Generator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from groundplan.rehearsal.emulator.faults import Faults, faults_file, write
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, REGION, Emulated

AWAY = "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/replication"
ACTIONS = (
    "kms:Encrypt",
    "s3:GetObjectVersionForReplication",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
    "s3:ReplicateDelete",
    "s3:ReplicateObject",
)
RULE: dict[str, Any] = {
    "ID": "to-second-region",
    "Priority": 1,
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "DeleteMarkerReplication": {"Status": "Enabled"},
    "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
    "Destination": {
        "Bucket": "arn:aws:s3:::copies",
        "StorageClass": "STANDARD_IA",
        "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
        "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
    },
}


def configure(aws: Emulated, *rules: dict[str, Any], role: str = ROLE) -> dict[str, Any]:
    """Give the source these rules (or the one above); returns the first as it is told."""
    s3 = aws.client("s3")
    s3.put_bucket_replication(
        Bucket="source", ReplicationConfiguration={"Role": role, "Rules": list(rules or (RULE,))}
    )
    return s3.get_bucket_replication(Bucket="source")["ReplicationConfiguration"]["Rules"][0]


def permit(aws: Emulated, *actions: str) -> None:
    """Let the role that copies do this and no more."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.client("iam").put_role_policy(RoleName="replication", PolicyName="copy", PolicyDocument=document)


@pytest.fixture(scope="module")
def s3(aws: Emulated) -> Any:
    """S3 with two buckets in two regions; neither keeps versions at first. A role may copy all."""
    key = aws.client("kms", region=AWAY).create_key()["KeyMetadata"]["Arn"]
    RULE["Destination"]["EncryptionConfiguration"] = {"ReplicaKmsKeyID": key}
    aws.role("replication", "s3.amazonaws.com")
    permit(aws, *ACTIONS)
    for name, region in (("source", REGION), ("copies", AWAY)):
        location = {"LocationConstraint": region}
        aws.client("s3", region=region).create_bucket(Bucket=name, CreateBucketConfiguration=location)
    return aws.client("s3")


@pytest.fixture
def versioned(aws: Emulated, s3: Any) -> Generator[Any]:
    """The same, with versions, the first rule and all rights; what a test changed is put right after it."""
    for bucket in ("source", "copies"):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    configure(aws)
    yield s3
    write(faults_file(aws.emulator.world), None)
    permit(aws, *ACTIONS)


def test_both_ends_must_keep_versions(aws: Emulated, s3: Any) -> None:
    """The order in which a program sets things up is checked as S3 checks it."""
    for bucket, message in (("source", "Versioning must be"), ("copies", "Destination bucket must have")):
        with pytest.raises(ClientError, match=message):
            configure(aws)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    configure(aws)


@pytest.mark.usefixtures("versioned")
@pytest.mark.parametrize("status", ["Enabled", "Disabled"])
def test_rules_are_told_as_they_were_given(aws: Emulated, status: str) -> None:
    """The provider compares all of it."""
    marker = {"DeleteMarkerReplication": {"Status": status}}
    assert configure(aws, RULE | marker) == RULE | marker


def test_new_objects_are_copied_with_their_metadata(versioned: Any) -> None:
    """Encrypted with the key of the other region; a multipart upload is copied as a whole."""
    s3 = versioned
    s3.put_object(Bucket="source", Key="a", Body=b"one", Metadata={"sha": "1"})
    upload = {"Bucket": "source", "Key": "b"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    part = s3.upload_part(**upload, PartNumber=1, Body=b"two")["ETag"]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"ETag": part, "PartNumber": 1}]})
    copy = s3.get_object(Bucket="copies", Key="a")
    assert (copy["Body"].read(), copy["Metadata"], copy["StorageClass"]) == (
        b"one",
        {"sha": "1"},
        "STANDARD_IA",
    )
    assert copy["SSEKMSKeyId"].startswith("arn:aws:kms:eu-west-1:")
    assert s3.get_object(Bucket="copies", Key="b")["Body"].read() == b"two"


@pytest.mark.parametrize(("status", "stays"), [("Enabled", False), ("Disabled", True)])
def test_deletions_are_followed_where_the_rule_says_so(
    aws: Emulated, versioned: Any, status: str, stays: bool
) -> None:
    """A version's deletion never is: the copies keep theirs."""
    s3 = versioned
    configure(aws, RULE | {"DeleteMarkerReplication": {"Status": status}})
    version = s3.put_object(Bucket="source", Key=status, Body=b"data")["VersionId"]
    s3.delete_object(Bucket="source", Key=status)
    s3.delete_object(Bucket="source", Key=status, VersionId=version)
    found = s3.list_objects_v2(Bucket="copies", Prefix=status).get("Contents", [])
    assert bool(found) is stays
    assert len(s3.list_object_versions(Bucket="copies", Prefix=status)["Versions"]) == 1


def test_a_copy_is_the_same_version_and_both_say_what_they_are(versioned: Any) -> None:
    """As S3 tells it of the source and of the replica."""
    version = versioned.put_object(Bucket="source", Key="said", Body=b"one")["VersionId"]
    assert versioned.head_object(Bucket="source", Key="said")["ReplicationStatus"] == "COMPLETED"
    copy = versioned.head_object(Bucket="copies", Key="said")
    assert (copy["ReplicationStatus"], copy["VersionId"]) == ("REPLICA", version)


def _copied(s3: Any, key: str, **asked: Any) -> bool:
    """Whether a new object of this name comes to be in the other bucket."""
    s3.put_object(Bucket="source", Key=key, Body=b"data", **asked)
    return "Contents" in s3.list_objects_v2(Bucket="copies", Prefix=key)


def test_only_objects_of_the_filter_are_copied(aws: Emulated, versioned: Any) -> None:
    """By the beginning of the key, by a tag, or by both."""
    configure(aws, RULE | {"Filter": {"Prefix": "in/"}})
    assert _copied(versioned, "in/a")
    assert not _copied(versioned, "out/a")
    both = {"And": {"Prefix": "in/", "Tags": [{"Key": "copy", "Value": "yes"}]}}
    configure(aws, RULE | {"Filter": both, "DeleteMarkerReplication": {"Status": "Disabled"}})
    assert _copied(versioned, "in/tagged", Tagging="copy=yes")
    assert not _copied(versioned, "in/untagged")


def test_the_rule_with_the_highest_priority_decides(aws: Emulated, versioned: Any) -> None:
    """Where two rules for one destination are about an object, it is copied once, by the first in rank."""
    archive = RULE | {"ID": "archive", "Priority": 2, "Filter": {"Prefix": "old/"}}
    archive["Destination"] = RULE["Destination"] | {"StorageClass": "GLACIER_IR"}
    configure(aws, RULE, archive)
    assert _copied(versioned, "old/a")
    assert versioned.head_object(Bucket="copies", Key="old/a")["StorageClass"] == "GLACIER_IR"
    assert len(versioned.list_object_versions(Bucket="copies", Prefix="old/a")["Versions"]) == 1


def test_encrypted_objects_are_copied_only_where_the_rule_selects_them(aws: Emulated, versioned: Any) -> None:
    """Without a word about them they stay behind; with it, the role must be able to decrypt."""
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    selected = {"SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Disabled"}}}
    configure(aws, RULE | selected)
    assert not _copied(versioned, "kms/unselected", **encrypted)
    configure(aws)
    assert not _copied(versioned, "kms/undecrypted", **encrypted)
    permit(aws, "kms:Decrypt", *ACTIONS)
    assert _copied(versioned, "kms/a", **encrypted)


@pytest.mark.parametrize("missing", [action for action in ACTIONS if action != "s3:ReplicateDelete"])
def test_the_role_needs_each_permission(aws: Emulated, versioned: Any, missing: str) -> None:
    """Without it the object says that it failed, and nothing is copied."""
    permit(aws, *(action for action in ACTIONS if action != missing))
    assert not _copied(versioned, f"forbidden/{missing}")
    head = versioned.head_object(Bucket="source", Key=f"forbidden/{missing}")
    assert head["ReplicationStatus"] == "FAILED"


def test_a_role_that_does_not_trust_s3_copies_nothing(aws: Emulated, versioned: Any) -> None:
    """As with a role that is not there."""
    configure(aws, role=aws.role("untrusting", "ec2.amazonaws.com"))
    assert not _copied(versioned, "untrusted")
    configure(aws, role=f"{ROLE}-gone")
    assert not _copied(versioned, "gone")


def test_copies_are_late_by_what_is_set(aws: Emulated, versioned: Any) -> None:
    """Until then the source says that they are under way."""
    write(faults_file(aws.emulator.world), Faults(replicated_after_s=3600))
    assert not _copied(versioned, "late/a")
    assert versioned.head_object(Bucket="source", Key="late/a")["ReplicationStatus"] == "PENDING"
    write(faults_file(aws.emulator.world), None)
    assert "Contents" in versioned.list_objects_v2(Bucket="copies", Prefix="late/a")


def test_what_was_under_way_when_a_region_is_lost_does_not_arrive(aws: Emulated, versioned: Any) -> None:
    """Neither soon nor when its time would have come; after the region is back, it does."""
    away = aws.client("s3", region=AWAY)
    write(faults_file(aws.emulator.world), Faults(replicated_after_s=0.4))
    versioned.put_object(Bucket="source", Key="lost/a", Body=b"data")
    lost = Faults(replicated_after_s=0.4, lost_region=REGION, lost_since=time.time())
    write(faults_file(aws.emulator.world), lost)
    time.sleep(0.5)
    assert "Contents" not in away.list_objects_v2(Bucket="copies", Prefix="lost/")
    write(faults_file(aws.emulator.world), None)
    assert "Contents" in away.list_objects_v2(Bucket="copies", Prefix="lost/")
