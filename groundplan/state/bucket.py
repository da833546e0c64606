"""Where a Pulumi backend of files keeps its objects: a folder, or a bucket of S3 (`pulumi login file://`, `s3://`)."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs, urlsplit

from groundplan.errors import ExitCode, GroundplanError

if TYPE_CHECKING:
    from botocore.client import BaseClient


@dataclass(frozen=True, kw_only=True)
class Item:
    """One object.

    Args:
        key: its path below the root of the backend, with slashes.
        modified: when it was written.
        version: of an earlier version in a versioned bucket, its id; empty for what is there now.
    """

    key: str
    modified: datetime
    version: str = ""


class Bucket(Protocol):
    """What both kinds can do. A key that is not there raises `FileNotFoundError`."""

    url: str
    keeps_checksums: bool
    """Whether the store itself compares what it reads with what was written."""

    def read(self, item: Item | str) -> bytes:
        """The content of an object."""
        ...

    def write(self, key: str, content: bytes) -> None:
        """Put an object in one piece: whoever reads sees the old one or the new one."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; one that is gone already is no error."""
        ...

    def items(self, prefix: str) -> Iterator[Item]:
        """All objects whose keys begin with `prefix`, as they are now."""
        ...

    def earlier_versions(self, key: str) -> Iterator[Item]:
        """Earlier versions of an object; none where the store keeps none."""
        ...

    def noted_md5(self, key: str) -> str | None:
        """The MD5 that whoever wrote an object noted beside it; None if nobody did."""
        ...


_SIDECAR = ".attrs"


def _sidecar(file: Path) -> Path:
    return file.with_name(file.name + _SIDECAR)


class Folder:
    """A backend in a folder of this machine.

    Args:
        url: `file://` and its path, as Pulumi is told it.
    """

    keeps_checksums = False

    def __init__(self, url: str) -> None:
        self.url = url
        self._root = Path(url.removeprefix("file://").partition("?")[0]).expanduser()

    def read(self, item: Item | str) -> bytes:
        """The content of a file."""
        return self._file(item).read_bytes()

    def write(self, key: str, content: bytes) -> None:
        """Write beside it, then rename: a crash leaves the old file. MD5 first, as Pulumi does it."""
        file = self._file(key)
        file.parent.mkdir(parents=True, exist_ok=True)
        md5 = hashlib.md5(content, usedforsecurity=False).digest()
        noted = {"md5": base64.b64encode(md5).decode()}
        for target, text in ((_sidecar(file), json.dumps(noted).encode()), (file, content)):
            draft = target.with_name(f".{target.name}.{os.getpid()}.new")
            with draft.open("wb") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            draft.replace(target)

    def delete(self, key: str) -> None:
        """Remove a file and what is noted of it."""
        self._file(key).unlink(missing_ok=True)
        _sidecar(self._file(key)).unlink(missing_ok=True)

    def items(self, prefix: str) -> Iterator[Item]:
        """Files below the folder part of the prefix that begin with the rest of it."""
        folder = self._root / prefix.rpartition("/")[0]
        for file in sorted(folder.rglob("*")) if folder.is_dir() else ():
            key = file.relative_to(self._root).as_posix()
            hidden = file.name.startswith(".") or file.suffix == _SIDECAR
            if key.startswith(prefix) and not hidden and file.is_file():
                yield Item(key=key, modified=datetime.fromtimestamp(file.stat().st_mtime, UTC))

    def earlier_versions(self, key: str) -> Iterator[Item]:
        """None: a folder keeps what is there now."""
        del key
        return iter(())

    def noted_md5(self, key: str) -> str | None:
        """From the file `.attrs` that Pulumi writes beside each of its files."""
        try:
            noted = json.loads(_sidecar(self._file(key)).read_text())["md5"]
            return base64.b64decode(noted, validate=True).hex()
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _file(self, item: Item | str) -> Path:
        return self._root / (item.key if isinstance(item, Item) else item)


class S3Bucket:
    """A backend in a bucket; credentials and endpoint are those of this shell, as for Pulumi.

    Args:
        url: `s3://bucket/prefix?region=...&profile=...&endpoint=...`, as Pulumi is told it.
    """

    keeps_checksums = True

    def __init__(self, url: str) -> None:
        self.url = url
        parts = urlsplit(url)
        self._bucket, self._prefix = parts.netloc, f"{parts.path.strip('/')}/".lstrip("/")
        self._options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self._made: Any = None

    def read(self, item: Item | str) -> bytes:
        """The content of an object, or of one of its versions."""
        version = {"VersionId": item.version} if isinstance(item, Item) and item.version else {}
        key = item.key if isinstance(item, Item) else item
        try:
            return self._s3.get_object(Bucket=self._bucket, Key=self._prefix + key, **version)["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            raise FileNotFoundError(key) from None

    def write(self, key: str, content: bytes) -> None:
        """S3 replaces objects in one piece, and checks what it received."""
        self._s3.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=content)

    def delete(self, key: str) -> None:
        """Remove an object; a versioned bucket keeps its versions."""
        self._s3.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def items(self, prefix: str) -> Iterator[Item]:
        """Objects by prefix."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix
        )
        for page in pages:
            for found in page.get("Contents", ()):
                yield Item(key=found["Key"].removeprefix(self._prefix), modified=found["LastModified"])

    def earlier_versions(self, key: str) -> Iterator[Item]:
        """Versions of one key but the latest; none if the bucket is not versioned."""
        whole = self._prefix + key
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=whole)
        for page in pages:
            for found in page.get("Versions", ()):
                if found["Key"] == whole and not found["IsLatest"]:
                    yield Item(key=key, modified=found["LastModified"], version=found["VersionId"])

    def noted_md5(self, key: str) -> str | None:
        """None: S3 keeps checksums of its own, and compares them whenever it reads."""
        del key
        return None

    @property
    def _s3(self) -> BaseClient | Any:
        if self._made is None:
            import boto3  # noqa: PLC0415 - half a second, for buckets alone
            from botocore.config import Config  # noqa: PLC0415 - the same

            session = boto3.Session(
                profile_name=self._options.get("profile"), region_name=self._options.get("region")
            )
            by_path = "true" in {self._options.get(name) for name in ("s3ForcePathStyle", "use_path_style")}
            self._made = session.client(
                "s3",
                endpoint_url=self._options.get("endpoint"),
                config=Config(s3={"addressing_style": "path"} if by_path else {}),
            )
        return self._made


def open_bucket(url: str) -> Bucket:
    """The store behind the URL of a backend.

    Raises:
        GroundplanError: it is neither a folder nor a bucket of S3.
    """
    scheme = urlsplit(url).scheme
    if scheme == "file":
        return Folder(url)
    if scheme == "s3":
        return S3Bucket(url)
    raise GroundplanError(
        f"The backend {url!r} cannot be looked into; allowed are file:// and s3://.",
        hint="Other backends: pulumi stack export > state.json && groundplan state check --file state.json",
        exit_code=ExitCode.CONFIG,
    )
