"""SHA-256 of bytes and of files too large for memory."""

from __future__ import annotations

import hashlib
from pathlib import Path

from groundplan_common.errors import CorruptArtefact

_BLOCK_BYTES = 1 << 20


def sha256_bytes(data: bytes) -> str:
    """Return the SHA-256 of `data` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's content in hexadecimal, reading it in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def verify(what: str, found: str, expected: str) -> None:
    """Compare two checksums.

    Raises:
        CorruptArtefact: they differ; the message names `what` and both of them.
    """
    if found != expected:
        raise CorruptArtefact(
            f"{what} is corrupt: its SHA-256 is {found}, recorded was {expected}.",
            hint="Restore the object from an older version of the bucket, or produce it again.",
        )
