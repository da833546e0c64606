"""What the bridge calls types and properties: its schema, reduced to names and nesting, kept in the cache.

The bridge needs about half a minute to write the schema (50 MB) of terraform-provider-aws, so it is asked
once per version of the provider. What is left of it lies in a small database: a run needs 50 of its 60,000
types.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from groundplan.rehearsal.providers.aws.types import ListOf, MapOf, Record, Scalar, Type

_REFERENCE = "#/types/"
_RESOURCE, _FUNCTION, _TYPE, _CONFIGURATION = "resource", "function", "type", "configuration"


class BridgeSchema:
    """Names and nesting of every resource and function of the bridge.

    Args:
        file: a database that `save` wrote.
    """

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(f"file:{file}?mode=ro", uri=True, check_same_thread=False)
        self._lock = threading.Lock()

    def has(self, token: str) -> bool:
        """Whether there is a resource or function of this token."""
        return self._find(_RESOURCE, token) is not None or self._find(_FUNCTION, token) is not None

    def resource(self, token: str) -> Record:
        """Properties (inputs and outputs alike) of a resource."""
        return self._record(_RESOURCE, token)

    def function(self, token: str) -> Record:
        """Arguments and results of a function, which share their names."""
        return self._record(_FUNCTION, token)

    @property
    def configuration(self) -> Record:
        """Settings of the provider."""
        return self._record(_CONFIGURATION, "")

    def _record(self, kind: str, name: str) -> Record:
        return Record(partial(self._properties, kind, name))

    def _properties(self, kind: str, name: str) -> Mapping[str, Type]:
        return {prop: self._type(body) for prop, body in (self._find(kind, name) or {}).items()}

    def _type(self, kind: Any) -> Type:
        match kind:
            case {"list": item}:
                return ListOf(self._type(item))
            case {"map": item}:
                return MapOf(self._type(item))
            case str() as name if name:
                return self._record(_TYPE, name)
            case _:
                return Scalar()

    def _find(self, kind: str, name: str) -> dict[str, Any] | None:
        with self._lock:
            row = self._database.execute(
                "SELECT properties FROM entry WHERE kind = ? AND name = ?", (kind, name)
            ).fetchone()
        return json.loads(row[0]) if row else None


def save(schema: Mapping[str, Any], file: Path) -> None:
    """Write names and nesting of a Pulumi package schema, so that readers never see half of them.

    Several rehearsals may write the same file at once: each has a draft of its own.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=file.parent, prefix=f".{file.name}-") as folder:
        draft = Path(folder, file.name)
        _write(schema, draft)
        draft.replace(file)


def _write(schema: Mapping[str, Any], file: Path) -> None:
    database = sqlite3.connect(file)
    with database:
        database.execute(
            "CREATE TABLE entry (kind TEXT, name TEXT, properties TEXT, PRIMARY KEY (kind, name))"
            " WITHOUT ROWID"
        )
        database.executemany(
            "INSERT INTO entry VALUES (?, ?, ?)",
            ((kind, name, json.dumps(body)) for kind, name, body in _entries(schema)),
        )
    database.close()


def _entries(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for token, body in schema["resources"].items():
        inputs = _reduced({"properties": body.get("inputProperties", {})})
        yield _RESOURCE, token, {**_reduced(body.get("stateInputs", {})), **_reduced(body), **inputs}
    for token, body in schema["functions"].items():
        yield _FUNCTION, token, {**_reduced(body.get("inputs", {})), **_reduced(body.get("outputs", {}))}
    for name, body in schema["types"].items():
        yield _TYPE, name, _reduced(body)
    yield _CONFIGURATION, "", _reduced({"properties": schema["provider"].get("inputProperties", {})})


def _reduced(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _kind(prop) for name, prop in body.get("properties", {}).items()}


def _kind(prop: Mapping[str, Any]) -> Any:
    reference = prop.get("$ref", "")
    if reference.startswith(_REFERENCE):
        return reference.removeprefix(_REFERENCE)
    if prop.get("type") == "array":
        return {"list": _kind(prop["items"])}
    if "additionalProperties" in prop:
        return {"map": _kind(prop["additionalProperties"])}
    return ""
