"""The storage interface on a folder: same guarantees, by atomic renames and a lock."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from groundplan_common.checksums import sha256_file
from groundplan_common.errors import ObjectMissing, WriteConflict
from groundplan_common.storage import ObjectInfo, ObjectStore

_TEMPORARY = ".part-"


class FileStore(ObjectStore):
    """Objects as files below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.uri = f"file://{folder}"

    def child(self, prefix: str) -> FileStore:
        """See the interface."""
        return FileStore(self._folder / prefix)

    def get(self, key: str) -> bytes:
        """See the interface."""
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ObjectMissing(f"{self.describe(key)} does not exist.") from error

    def put(self, key: str, data: bytes) -> None:
        """See the interface."""
        with self._staged(key) as staged:
            staged.write_bytes(data)

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """See the interface."""
        with self._locked(key):
            if self._path(key).exists():
                return False
            self.put(key, data)
            return True

    def replace(self, key: str, data: bytes, *, etag: str | None) -> None:
        """See the interface."""
        with self._locked(key):
            info = self.head(key)
            if (info.etag if info else None) != etag:
                raise WriteConflict(f"{self.describe(key)} was changed by somebody else meanwhile.")
            self.put(key, data)

    def head(self, key: str) -> ObjectInfo | None:
        """See the interface."""
        path = self._path(key)
        if not path.is_file():
            return None
        return ObjectInfo(key=key, size_bytes=path.stat().st_size, etag=sha256_file(path))

    def scan(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """See the interface."""
        found = []
        for path in self._folder.rglob("*"):
            key = path.relative_to(self._folder).as_posix()
            if key.startswith(prefix) and path.is_file() and not path.name.startswith(_TEMPORARY):
                found.append(key)
        for key in sorted(found):
            if info := self.head(key):
                yield info

    def delete(self, key: str) -> None:
        """See the interface."""
        self._path(key).unlink(missing_ok=True)

    def download(self, key: str, path: Path) -> str:
        """See the interface."""
        try:
            shutil.copyfile(self._path(key), path)
        except FileNotFoundError as error:
            raise ObjectMissing(f"{self.describe(key)} does not exist.") from error
        return sha256_file(path)

    def upload(self, path: Path, key: str) -> str:
        """See the interface."""
        with self._staged(key) as staged:
            shutil.copyfile(path, staged)
        return sha256_file(path)

    def _path(self, key: str) -> Path:
        return self._folder / key

    @contextmanager
    def _staged(self, key: str) -> Generator[Path]:
        target = self._path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=_TEMPORARY, delete=False) as handle:
            staged = Path(handle.name)
        try:
            yield staged
            staged.replace(target)
        finally:
            staged.unlink(missing_ok=True)

    @contextmanager
    def _locked(self, key: str) -> Generator[None]:
        folder = self._path(key).parent
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{_TEMPORARY}lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
