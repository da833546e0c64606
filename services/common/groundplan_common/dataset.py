"""The manifest of a data version: which Parquet files it holds, how many rows, and their checksums."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from groundplan_common.checksums import sha256_bytes, verify
from groundplan_common.errors import CorruptArtefact, DataError, ObjectMissing
from groundplan_common.storage import ObjectStore

SCHEMA_VERSION = "1"
PIXELS = 64
PIXEL_MAX = 16
CLASSES = 10
LATEST = "_latest.json"
Split = Literal["train", "holdout"]


class PartFile(BaseModel):
    """One Parquet file; all of its rows have the same split and label."""

    model_config = ConfigDict(frozen=True)

    key: str
    split: Split
    label: int
    rows: int
    size_bytes: int
    sha256: str


class SourceFile(BaseModel):
    """One file that came in: how many of its rows were taken, how many were put aside."""

    model_config = ConfigDict(frozen=True)

    name: str
    sha256: str
    rows_good: int
    rows_bad: int


class DatasetManifest(BaseModel):
    """Everything about one data version; written last, so what it names is complete."""

    model_config = ConfigDict(frozen=True)

    dataset: str
    version: str
    schema_version: str
    created: datetime
    columns: dict[str, str]
    sources: tuple[SourceFile, ...]
    parts: tuple[PartFile, ...]
    quarantine: str | None

    def rows(self, split: Split) -> int:
        """Return how many rows a split has."""
        return sum(part.rows for part in self.parts if part.split == split)

    def of(self, split: Split) -> tuple[PartFile, ...]:
        """Return the files of a split in order of their keys."""
        return tuple(sorted((part for part in self.parts if part.split == split), key=lambda part: part.key))


def manifest_key(version: str) -> str:
    """Return where the manifest of a data version is, below the dataset's own prefix."""
    return f"v={version}/_manifest.json"


def load_manifest(store: ObjectStore, version: str | None = None) -> DatasetManifest:
    """Read the manifest of a data version (default: the latest) below the dataset's prefix.

    Raises:
        DataError: nothing was ingested yet, or there is no such version.
        CorruptArtefact: the manifest cannot be parsed.
    """
    if version is None:
        try:
            version = str(json.loads(store.get(LATEST))["version"])
        except ObjectMissing as error:
            raise DataError(f"{store.uri} holds no data version yet.", hint="Run ingest first.") from error
        except (ValueError, KeyError, TypeError) as error:
            raise CorruptArtefact(
                f"{store.describe(LATEST)} is corrupt: {error}.", hint="Run ingest again."
            ) from error
    try:
        raw = store.get(manifest_key(version))
    except ObjectMissing as error:
        raise DataError(f"{store.uri} holds no data version {version!r}.", hint="Run ingest.") from error
    try:
        return DatasetManifest.model_validate_json(raw)
    except ValidationError as error:
        raise CorruptArtefact(f"{store.describe(manifest_key(version))} is corrupt: {error}.") from error


def read_part(store: ObjectStore, part: PartFile) -> bytes:
    """Return the content of a part, checked against the manifest.

    Raises:
        CorruptArtefact: the file is truncated or changed.
    """
    data = store.get(part.key)
    verify(store.describe(part.key), sha256_bytes(data), part.sha256)
    return data
