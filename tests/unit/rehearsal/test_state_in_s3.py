"""The same commands on a backend in S3: its versions are copies, and every write is one."""

from __future__ import annotations

import pytest

from groundplan.state.bucket import Item, S3Bucket
from groundplan.state.check import check_stack
from groundplan.state.location import StackLocation
from groundplan.state.locks import held, locks_of
from groundplan.state.restore import restore
from tests.unit.rehearsal.emulator.emulated import Emulated
from tests.unit.state.backend import KEY, PROJECT, STACK, checkpoint, resources


@pytest.fixture
def location(shell: Emulated, request: pytest.FixtureRequest) -> StackLocation:
    """A stack in a versioned bucket, below a prefix."""
    s3, name = shell.client("s3"), request.node.name.replace("_", "-")
    where = {"LocationConstraint": "eu-central-1"}
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=where)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    bucket = S3Bucket(f"s3://{name}/platform?region=eu-central-1&use_path_style=true")
    return StackLocation(bucket=bucket, project=PROJECT, stack=STACK)


def test_a_damaged_state_comes_back_from_a_version(location: StackLocation) -> None:
    """No history, no backup: the bucket itself has kept it."""
    bucket = location.bucket
    bucket.write(KEY, checkpoint(resources()[:3]))
    bucket.write(KEY, checkpoint())  # as `pulumi state` does: no operation, and no other time
    verdict = check_stack(location)
    assert verdict.whole
    assert "first" in verdict.notes[0]
    bucket.write(KEY, checkpoint()[:-20])
    assert not check_stack(location).whole
    found = restore(location)
    assert found.resources == len(resources())
    assert bucket.read(KEY) == checkpoint()
    assert bucket.read(found.damaged) == checkpoint()[:-20]
    with pytest.raises(FileNotFoundError):
        bucket.read("nothing")
    bucket.delete(KEY)
    assert location.state_key() is None
    assert {type(copy.item) for copy in check_stack(location).copies} == {Item}


def test_locks_are_objects(location: StackLocation) -> None:
    """As Pulumi's are."""
    with held(location):
        assert len(locks_of(location)) == 1
    assert not locks_of(location)
