"""Object storage behind one interface: `s3://bucket/prefix`, or `file:///folder` at the edge and in tests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from groundplan_common.checksums import sha256_file
from groundplan_common.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class ObjectInfo:
    """One stored object.

    Args:
        key: its name below the store's own prefix.
        size_bytes: its size.
        etag: changes with the content; for conditional writes.
    """

    key: str
    size_bytes: int
    etag: str


class ObjectStore(ABC):
    """Objects below one prefix. Keys are relative, with `/` between their parts."""

    uri: str

    @abstractmethod
    def child(self, prefix: str) -> ObjectStore:
        """Return the store of everything below `prefix`."""

    @abstractmethod
    def get(self, key: str) -> bytes:
        """Return an object's content. Raises `ObjectMissing`."""

    @abstractmethod
    def put(self, key: str, data: bytes) -> None:
        """Write an object; readers see the old content or the new, never a part."""

    @abstractmethod
    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Write an object unless there is one; return whether it was written. Atomic over all writers."""

    @abstractmethod
    def replace(self, key: str, data: bytes, *, etag: str | None) -> None:
        """Write an object if it still has this etag (None: if it is still absent). Raises `WriteConflict`."""

    @abstractmethod
    def head(self, key: str) -> ObjectInfo | None:
        """Return what is known of an object, or None when there is none."""

    @abstractmethod
    def scan(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Yield all objects whose key begins with `prefix`, in order of their keys."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove an object; no error when there is none."""

    @abstractmethod
    def download(self, key: str, path: Path) -> str:
        """Write an object's content to `path` and return its SHA-256. Raises `ObjectMissing`."""

    @abstractmethod
    def upload(self, path: Path, key: str) -> str:
        """Store a file's content and return its SHA-256."""

    def describe(self, key: str) -> str:
        """Return the full name of an object, for messages."""
        return f"{self.uri}/{key}"

    def folders(self, prefix: str) -> list[str]:
        """Return the names directly below `prefix` (which ends in `/`) that hold objects, sorted."""
        return sorted({info.key.removeprefix(prefix).split("/", 1)[0] for info in self.scan(prefix)})

    @staticmethod
    def _digest(path: Path) -> str:
        return sha256_file(path)


def open_store(uri: str) -> ObjectStore:
    """Return the store that `uri` names.

    Raises:
        SettingsError: the scheme is neither `s3` nor `file`.
    """
    scheme, _, rest = uri.partition("://")
    if scheme == "s3":
        from groundplan_common.storage_s3 import S3Store  # noqa: PLC0415 - the edge tier runs without boto3

        bucket, _, prefix = rest.partition("/")
        return S3Store(bucket=bucket, prefix=prefix.strip("/"))
    if scheme == "file":
        from groundplan_common.storage_file import FileStore  # noqa: PLC0415 - imports this module

        return FileStore(Path(rest))
    raise SettingsError(f"Storage URI {uri!r}: the scheme must be s3 or file, as in s3://bucket/prefix.")
