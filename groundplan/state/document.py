"""A state as Pulumi writes it: in its backend (a checkpoint) or by `pulumi stack export` (a deployment)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

KNOWN_VERSIONS = frozenset({1, 2, 3, 4})
KNOWN_FEATURES = frozenset(
    {
        "refreshBeforeUpdate",
        "views",
        "hooks",
        "taint",
        "replaceWith",
        "snippets-prototype",
        "extensionParameterization",
        "byteString",
    }
)
"""Of Pulumi 3.259.0, pkg/resource/stack: what it can read."""

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_RESOURCE = '{"urn":'


class UnreadableStateError(Exception):
    """The bytes are no state; the message says why."""


@dataclass(frozen=True, kw_only=True)
class State:
    """A state that could be read; whether it is whole is another question.

    Args:
        version: of its format.
        features: of the format that it uses.
        deployment: manifest, resources and pending operations.
    """

    version: int
    features: tuple[str, ...]
    deployment: Mapping[str, Any]

    @property
    def resources(self) -> list[dict[str, Any]]:
        """In the order in which they are written."""
        return self.deployment.get("resources") or []

    @property
    def pending(self) -> list[dict[str, Any]]:
        """Operations that were under way when it was written."""
        return self.deployment.get("pending_operations") or []

    @cached_property
    def time(self) -> datetime | None:
        """When Pulumi took it; None if that cannot be read."""
        try:
            return read_time(self.deployment["manifest"]["time"])
        except (KeyError, TypeError, ValueError):
            return None


def read_time(text: str) -> datetime:
    """A time as Go writes it: with up to nine digits of a second, of which six are kept.

    Raises:
        ValueError: it is no time.
    """
    whole, _, rest = text.partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    zone = rest[len(digits) :] if rest else ""
    return datetime.fromisoformat(f"{whole}.{digits[:6]:0<6}{zone}" if rest else whole)


def unpacked(content: bytes) -> str:
    """The text of a state, compressed or not.

    Raises:
        UnreadableStateError: it is cut off, no text, or compressed in a way that cannot be read here.
    """
    if content.startswith(_ZSTD):
        raise UnreadableStateError("compressed with zstd: read it with pulumi stack export, and --file")
    try:
        return (gzip.decompress(content) if content.startswith(_GZIP) else content).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise UnreadableStateError(f"damaged or cut off: {error}") from None


def parse(content: bytes) -> State:
    """Read a state.

    Raises:
        UnreadableStateError: it is not the document that Pulumi writes.
    """
    text = unpacked(content)
    if not text.strip():
        raise UnreadableStateError("empty")
    try:
        document = json.loads(text)
    except ValueError as error:
        raise UnreadableStateError(f"no JSON, or cut off: {error}") from None
    if not isinstance(document, dict):
        raise UnreadableStateError("no object of JSON")
    if "deployment" in document:
        deployment = document["deployment"]
    else:
        checkpoint = document.get("checkpoint")
        if not isinstance(checkpoint, dict):
            raise UnreadableStateError("neither `checkpoint` nor `deployment` is in it")
        deployment = checkpoint.get("latest")
    version = document.get("version")
    if not isinstance(deployment, dict | None) or not isinstance(version, int):
        raise UnreadableStateError("`version` or the resources in it are not what Pulumi writes")
    features = tuple(str(each) for each in document.get("features") or ())
    return State(version=version, features=features, deployment=deployment or {})


def salvaged(content: bytes) -> dict[str, dict[str, Any]]:
    """URN -> resource of every resource that can still be read in a damaged state.

    Pulumi writes each resource's URN first: reading goes on at the next one where a resource is damaged.
    """
    text = content.decode("utf-8", errors="replace")
    decoder, found, position = json.JSONDecoder(), dict[str, dict[str, Any]](), text.find(_RESOURCE)
    while position >= 0:
        try:
            resource, position = decoder.raw_decode(text, position)
            if isinstance(resource.get("urn"), str):
                found.setdefault(resource["urn"], resource)
        except ValueError:
            position += 1
        position = text.find(_RESOURCE, position)
    return found
