"""The resources of a Pulumi state, as `pulumi stack export` writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundplan.errors import ExitCode, GroundplanError
from policies.core import protocol

SECRET_PLACEHOLDER = "(secret)"  # noqa: S105 - what stands in a secret's place
_EXPORT = "pulumi stack export > state.json"


class Unknown:
    """A value that only the deployment will bring."""


UNKNOWN = Unknown()


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource that exists (or, in the state of a preview, will).

    Args:
        urn: its URN.
        type: its type token.
        name: the last part of the URN.
        values: inputs and outputs together, without secrets; outputs win.
        references: URNs that each input was made from.
    """

    urn: str
    type: str
    name: str
    values: Mapping[str, Any]
    references: Mapping[str, tuple[str, ...]]


def read(file: Path) -> dict[str, Any]:
    """A state file's document.

    Raises:
        GroundplanError: it cannot be read, or is no JSON object.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise _wrong(f"{file}: {error.strerror}.") from None
    except ValueError as error:
        raise _wrong(f"{file} is not JSON: {error}.") from None
    if not isinstance(document, dict):
        raise _wrong(f"{file}: the document is a {type(document).__name__}; allowed is an object.")
    return document


def resources(state: Mapping[str, Any]) -> list[Resource]:
    """The resources that providers made: no components, nothing merely read, nothing about to be deleted.

    Raises:
        GroundplanError: the state is damaged; names the key.
    """
    entries = _at(state, "deployment", "resources")
    return [_resource(entry, f"deployment.resources[{index}]") for index, entry in _live(entries)]


def _live(entries: list[Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise _wrong(f"deployment.resources[{index}] is {entry!r:.80}; allowed is an object.")
        is_provider = str(entry.get("type", "")).startswith("pulumi:")
        if entry.get("custom") and not (is_provider or entry.get("external") or entry.get("delete")):
            yield index, entry


def _resource(entry: Mapping[str, Any], path: str) -> Resource:
    urn, token = _text(entry, "urn", path), _text(entry, "type", path)
    inputs, outputs = _object(entry, "inputs", path), _object(entry, "outputs", path)
    values = {
        **inputs,
        **outputs,
        **({"id": entry["id"]} if entry.get("id") else {}),
    }
    return Resource(
        urn=urn,
        type=token,
        name=urn.rpartition("::")[2],
        values={key: plain(value) for key, value in values.items() if not key.startswith("__")},
        references={
            key: tuple(urns) for key, urns in _object(entry, "propertyDependencies", path).items() if urns
        },
    )


def plain(value: Any) -> Any:
    """A value without Pulumi's marks: secrets become a placeholder, and nothing of them is left."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        if protocol.SIGNATURE in value:
            return _signed(value)
        return {key: plain(item) for key, item in value.items() if not key.startswith("__")}
    if isinstance(value, float) and value.is_integer():  # numbers of the wire are all floats
        return int(value)
    return UNKNOWN if value == protocol.UNKNOWN_TEXT else value


def _signed(value: Mapping[str, Any]) -> Any:
    signature = value[protocol.SIGNATURE]
    if signature == protocol.SECRET or value.get("secret"):
        return SECRET_PLACEHOLDER
    if signature == protocol.OUTPUT:
        return plain(value.get("value", protocol.UNKNOWN_TEXT))
    if signature == protocol.RESOURCE:
        return value.get("id") or value.get("urn")
    return "(asset)"


def _at(document: Mapping[str, Any], *keys: str) -> list[Any]:
    found: Any = document
    for depth, key in enumerate(keys):
        found = found.get(key) if isinstance(found, dict) else None
        if found is None:
            raise _wrong(f"The state has no {'.'.join(keys[: depth + 1])!r}.")
    if not isinstance(found, list):
        raise _wrong(f"{'.'.join(keys)} is a {type(found).__name__}; allowed is a list.")
    return found


def _text(entry: Mapping[str, Any], key: str, path: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise _wrong(f"{path}.{key} is {value!r:.80}; allowed is a text that is not empty.")
    return value


def _object(entry: Mapping[str, Any], key: str, path: str) -> Mapping[str, Any]:
    value = entry.get(key) or {}
    if not isinstance(value, dict):
        raise _wrong(f"{path}.{key} is a {type(value).__name__}; allowed is an object.")
    if value.get(protocol.SIGNATURE):  # the whole of it is a secret
        return {}
    return value


def _wrong(message: str) -> GroundplanError:
    return GroundplanError(message, hint=f"Write the state anew: {_EXPORT}", exit_code=ExitCode.CONFIG)
