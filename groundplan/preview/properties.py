"""Compares the properties of one resource: each path that differs, with its old and its new value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from groundplan.preview.values import holds_unknown

_IDENTITY = ("Sid", "name", "key", "id", "containerPort")
"""Keys by which members of a list are told apart, if all members have one and no two the same."""


@dataclass(frozen=True, kw_only=True)
class PropertyChange:
    """One property that differs.

    Args:
        path: e.g. `scalingConfig.maxSize` or `policy.Statement[ReadRaw].Action`.
        old: value before; None if there was none.
        new: value after; None if there is none.
        replaces: whether it is a reason for the resource to be made anew.
    """

    path: str
    old: Any
    new: Any
    replaces: bool = False


def compare(old: Any, new: Any, path: str = "") -> Iterator[PropertyChange]:
    """All differences, by path. Documents inside of texts (policies) are compared as documents."""
    if old == new:
        return
    old_document, new_document = _document(old), _document(new)
    if isinstance(old_document, dict) and isinstance(new_document, dict):
        yield from _compare_mappings(old_document, new_document, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _compare_lists(old, new, path)
    else:
        yield PropertyChange(path=path, old=old, new=new)


def value_at(properties: Mapping[str, Any], path: str) -> Any:
    """The value at a path of the engine's, such as `ingress[0].cidrBlocks`; None if there is none."""
    value: Any = properties
    for part in split_path(path):
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, Mapping):
            value = value.get(part)
        else:
            return None
    return value


def split_path(path: str) -> list[str]:
    """The parts of a path: `a.b[0]["c.d"]` has `a`, `b`, `0` and `c.d`."""
    parts, rest = [], path
    while rest:
        if rest.startswith('["') and '"]' in rest:
            part, rest = rest[2:].split('"]', 1)
        elif rest.startswith("[") and "]" in rest:
            part, rest = rest[1:].split("]", 1)
        else:
            rest = rest.removeprefix(".")
            end = min((at for at in (rest.find("."), rest.find("[")) if at > 0), default=len(rest))
            part, rest = rest[:end], rest[end:]
        parts.append(part)
    return parts


def _compare_mappings(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[PropertyChange]:
    for key in sorted(old.keys() | new.keys()):
        if key != "__defaults":
            yield from compare(old.get(key), new.get(key), _joined(path, key))


def _compare_lists(old: Sequence[Any], new: Sequence[Any], path: str) -> Iterator[PropertyChange]:
    for identity in _IDENTITY:
        before, after = _by_identity(old, identity), _by_identity(new, identity)
        if before is not None and after is not None:
            for key in dict.fromkeys((*before, *after)):
                yield from compare(before.get(key), after.get(key), f"{path}[{key}]")
            return
    if all(isinstance(item, dict) for item in (*old, *new)) and len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from compare(before, after, f"{path}[{number}]")
        return
    removed = [item for item in old if item not in new]
    added = [item for item in new if item not in old]
    if (removed or added) and (len(old) > 1 or len(new) > 1):
        yield PropertyChange(path=path, old=removed or None, new=added or None)
    else:
        yield PropertyChange(path=path, old=list(old), new=list(new))


def _by_identity(items: Sequence[Any], identity: str) -> dict[str, Any] | None:
    keys = [item.get(identity) if isinstance(item, dict) else None for item in items]
    if any(not isinstance(key, str | int) for key in keys) or len(set(keys)) != len(keys):
        return None
    return {str(key): item for key, item in zip(keys, items, strict=True)}


def _document(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip().startswith("{") and not holds_unknown(value):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _joined(path: str, key: str) -> str:
    if "." in key or "/" in key:
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key
