"""Read source files: all lines of a file, or an error that says why it cannot be trusted."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass

from groundplan_common.checksums import sha256_bytes
from groundplan_common.dataset import PIXELS
from groundplan_common.errors import DataError
from groundplan_common.storage import ObjectStore

SUFFIXES = (".csv", ".csv.gz")


@dataclass(frozen=True, kw_only=True)
class Source:
    """A source file as it lies in the lake: its name, content and SHA-256."""

    name: str
    content: bytes
    sha256: str


def read_sources(store: ObjectStore) -> list[Source]:
    """Return all CSV files below the prefix, in order of their names.

    Raises:
        DataError: there is none.
    """
    names = [info.key for info in store.scan() if info.key.endswith(SUFFIXES)]
    if not names:
        raise DataError(
            f"{store.uri} holds no source file.",
            hint=f"Put a file there that ends in {' or '.join(SUFFIXES)}.",
        )
    contents = ((name, store.get(name)) for name in names)
    return [Source(name=name, content=content, sha256=sha256_bytes(content)) for name, content in contents]


def lines(source: Source) -> list[str]:
    """Return the lines of a source file.

    Raises:
        DataError: the file is empty, truncated, or not what its name says; nothing of it can be used.
    """
    try:
        data = gzip.decompress(source.content) if source.name.endswith(".gz") else source.content
        text = data.decode("ascii")
    except EOFError as error:
        raise _unusable(source, "is truncated: its gzip stream ends early") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise _unusable(source, f"is not a sound gzip file: {error}") from error
    except UnicodeDecodeError as error:
        raise _unusable(source, f"is not a CSV text: byte {error.start} is not ASCII") from error
    rows = text.splitlines()
    if not rows:
        raise _unusable(source, "is empty")
    if not text.endswith("\n") and rows[-1].count(",") < PIXELS:
        raise _unusable(source, f"is truncated: it ends in the middle of line {len(rows)}")
    return rows


def _unusable(source: Source, problem: str) -> DataError:
    return DataError(
        f"Source file {source.name!r} {problem} ({len(source.content)} bytes). Nothing of it was published.",
        hint="Upload the whole file again, then run ingest again; the data version before stays in use.",
    )
