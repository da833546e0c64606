"""The storage interface, on a folder and on an S3 server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest
from groundplan_common.checksums import sha256_bytes
from groundplan_common.errors import ObjectMissing, SettingsError, StorageError, WriteConflict
from groundplan_common.storage import ObjectStore, open_store
from groundplan_common.storage_s3 import addressing_style


@pytest.fixture(params=["file", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """Return an empty store of each kind."""
    if request.param == "file":
        return open_store(f"file://{tmp_path}/objects")
    endpoint = request.getfixturevalue("aws_endpoint")
    bucket = f"test-{sha256_bytes(request.node.name.encode())[:16]}"
    boto3.client("s3", region_name="us-east-1", endpoint_url=endpoint).create_bucket(Bucket=bucket)
    return open_store(f"s3://{bucket}/tenant")


def test_what_is_put_can_be_got_and_listed_in_order(store: ObjectStore) -> None:
    """Keys come back sorted, relative to the store, with their sizes."""
    store.put("b/2", b"two")
    store.put("b/1", b"one!")
    store.put("a", b"")
    assert [(info.key, info.size_bytes) for info in store.scan()] == [("a", 0), ("b/1", 4), ("b/2", 3)]
    assert [info.key for info in store.child("b").scan()] == ["1", "2"]
    assert store.folders("b/") == ["1", "2"]
    assert store.get("b/1") == b"one!"


def test_a_missing_object_is_named(store: ObjectStore) -> None:
    """Reading what is not there names the object; asking for it gives None; removing it is fine."""
    with pytest.raises(ObjectMissing, match="no/such"):
        store.get("no/such")
    assert store.head("no/such") is None
    store.delete("no/such")


def test_put_if_absent_never_overwrites(store: ObjectStore) -> None:
    """The second writer learns that it came second."""
    assert store.put_if_absent("claim", b"first")
    assert not store.put_if_absent("claim", b"second")
    assert store.get("claim") == b"first"


def test_replace_notices_a_change_in_between(store: ObjectStore) -> None:
    """A write that is based on an old state is refused."""
    store.put("alias", b"1")
    info = store.head("alias")
    assert info is not None
    store.replace("alias", b"2", etag=info.etag)
    with pytest.raises(WriteConflict, match="alias"):
        store.replace("alias", b"3", etag=info.etag)
    assert store.get("alias") == b"2"


def test_files_go_up_and_down_with_their_checksum(store: ObjectStore, tmp_path: Path) -> None:
    """Both directions return the SHA-256 of the content."""
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"content")
    assert store.upload(source, "file") == sha256_bytes(b"content")
    assert store.download("file", target) == sha256_bytes(b"content")
    assert target.read_bytes() == b"content"
    with pytest.raises(ObjectMissing, match="other"):
        store.download("other", target)


def test_one_of_many_writers_wins_the_claim(tmp_path: Path) -> None:
    """Of eight writers at once exactly one is told that it wrote."""
    store = open_store(f"file://{tmp_path}")
    with ThreadPoolExecutor(8) as pool:
        wins = list(pool.map(lambda n: store.put_if_absent("claim", str(n).encode()), range(8)))
    assert sum(wins) == 1


@pytest.mark.usefixtures("aws_endpoint")
def test_a_missing_bucket_is_named() -> None:
    """A misspelt bucket is an error that names it, not an empty listing."""
    with pytest.raises(StorageError, match="no-such-bucket"):
        list(open_store("s3://no-such-bucket/x").scan())


def test_an_unknown_scheme_is_refused() -> None:
    """Only the schemes that exist are taken."""
    with pytest.raises(SettingsError, match="ftp://x"):
        open_store("ftp://x")


@pytest.mark.parametrize(
    ("endpoint", "style"),
    [
        (None, "auto"),
        ("http://10.0.0.1:4566", "path"),
        ("http://emulator:4566", "path"),
        ("https://s3.eu-central-1.amazonaws.com", "auto"),
    ],
)
def test_buckets_are_addressed_as_the_endpoint_allows(endpoint: str | None, style: str) -> None:
    """An address or a bare name has no sub-domains, so the bucket goes into the path."""
    assert addressing_style(endpoint) == style
