"""Buckets as the AWS provider and the services leave them behind."""

from __future__ import annotations

from tests.unit.rehearsal.emulator.emulated import Emulated


def test_a_versioned_bucket_can_be_emptied_of_objects_and_delete_markers(aws: Emulated) -> None:
    """As `force_destroy` does it, after the versioning that belongs to the bucket was suspended."""
    s3, bucket = aws.client("s3"), "emptied"
    region = {"LocationConstraint": s3.meta.region_name}
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=region)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        s3.put_object(Bucket=bucket, Key="a", Body=b"1")
        s3.delete_object(Bucket=bucket, Key="a")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    found = s3.list_object_versions(Bucket=bucket)
    doomed = [*found["DeleteMarkers"], *found["Versions"]]
    for each in doomed:
        s3.delete_objects(
            Bucket=bucket, Delete={"Objects": [{"Key": each["Key"], "VersionId": each["VersionId"]}]}
        )
    left = s3.list_object_versions(Bucket=bucket)
    assert not left.get("Versions")
    assert not left.get("DeleteMarkers")
    s3.delete_bucket(Bucket=bucket)
