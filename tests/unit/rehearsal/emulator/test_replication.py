"""Replication of buckets as the AWS provider configures it, and the copies that it makes."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, REGION, Emulated

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
        "EncryptionConfiguration": {"ReplicaKmsKeyID": f"arn:aws:kms:eu-west-1:{ACCOUNT_ID}:key/k"},
        "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
        "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
    },
}


def configure(aws: Emulated, **changes: Any) -> dict[str, Any]:
    """Give the source this rule; returns the rule as it is told."""
    s3 = aws.client("s3")
    s3.put_bucket_replication(
        Bucket="source",
        ReplicationConfiguration={"Role": aws_role(), "Rules": [RULE | changes]},
    )
    [rule] = s3.get_bucket_replication(Bucket="source")["ReplicationConfiguration"]["Rules"]
    return rule


def aws_role() -> str:
    """ARN of the role that copies."""
    return f"arn:aws:iam::{ACCOUNT_ID}:role/replication"


@pytest.fixture(scope="module")
def s3(aws: Emulated) -> Any:
    """S3 with two buckets; neither keeps versions at first."""
    client = aws.client("s3")
    for name in ("source", "copies"):
        client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return client


def test_both_ends_must_keep_versions(aws: Emulated, s3: Any) -> None:
    """The order in which a program sets things up is checked as S3 checks it."""
    for bucket, message in (("source", "Versioning must be"), ("copies", "Destination bucket must have")):
        with pytest.raises(ClientError, match=message):
            configure(aws)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    configure(aws)


@pytest.mark.parametrize("status", ["Enabled", "Disabled"])
def test_rules_are_told_as_they_were_given(aws: Emulated, s3: Any, status: str) -> None:
    """The provider compares all of it."""
    for bucket in ("source", "copies"):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    marker = {"DeleteMarkerReplication": {"Status": status}}
    assert configure(aws, **marker) == RULE | marker


def test_new_objects_are_copied_with_their_metadata(aws: Emulated, s3: Any) -> None:
    """Encrypted with the key of the other region; a multipart upload is copied as a whole."""
    configure(aws)
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
    aws: Emulated, s3: Any, status: str, stays: bool
) -> None:
    """A version's deletion never is: the copies keep theirs."""
    configure(aws, DeleteMarkerReplication={"Status": status})
    version = s3.put_object(Bucket="source", Key=status, Body=b"data")["VersionId"]
    s3.delete_object(Bucket="source", Key=status)
    s3.delete_object(Bucket="source", Key=status, VersionId=version)
    found = s3.list_objects_v2(Bucket="copies", Prefix=status).get("Contents", [])
    assert bool(found) is stays
    assert len(s3.list_object_versions(Bucket="copies", Prefix=status)["Versions"]) == 1
