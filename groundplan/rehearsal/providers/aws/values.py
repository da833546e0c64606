"""Translate property values and property paths along a `Shape`.

Values are the plain form of the engine's wire format: secrets and outputs are objects with a signature whose
`value` is translated, unknown values are strings with a marker, assets and resource references pass
untouched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from google.protobuf import json_format, struct_pb2

from groundplan.rehearsal.providers.aws.shapes import Field, Nesting, Shape
from policies.core.protocol import OUTPUT, SECRET, SIGNATURE, UNKNOWN_TEXT

_WRAPPERS = frozenset({SECRET, OUTPUT})
"""Signatures of secrets and of output values."""
_SEGMENT = re.compile(r'\[(?P<index>\d+)\]|\["(?P<key>(?:[^"\\]|\\.)*)"\]|\.?(?P<name>[^.\[\]]+)')

_EMPTY = "__empty"
"""Names of the bridge's empty lists for which pulumi-aws has no value at all. The engine keeps, and hides,
properties that begin with two underscores. Without them null and empty could not be told apart on the way
back, and the bridge recovers the exact Terraform state only from exactly what it gave."""

JsonValue = Any
"""A value of JSON."""


def to_bridge(struct: struct_pb2.Struct, shape: Shape | None) -> None:
    """Turn properties in pulumi-aws' form into the bridge's, in place."""
    if shape:
        _replace(struct, (*shape.fields, *shape.missing, *shape.not_empty, _EMPTY), shape, _to_bridge)


def to_sdk(struct: struct_pb2.Struct, shape: Shape | None) -> None:
    """Turn properties in the bridge's form into pulumi-aws', in place."""
    if shape:
        _replace(struct, (*shape.by_bridge_name, *shape.not_empty), shape, _to_sdk)


def settings_to_bridge(struct: struct_pb2.Struct, shape: Shape | None) -> None:
    """Turn settings of the provider, whose objects and lists travel as JSON text, into the bridge's form."""
    if shape is None:
        return
    plain = json_format.MessageToDict(struct)
    decoded = {name: _decoded(value) if name in shape.fields else value for name, value in plain.items()}
    changed = _to_bridge(decoded, shape)
    names = {found.name for found in shape.fields.values()}
    struct.Clear()
    struct.update(
        {n: json.dumps(v) if n in names and isinstance(v, list | dict) else v for n, v in changed.items()}
    )


def absent(struct: struct_pb2.Struct, shape: Shape | None) -> Iterator[str]:
    """Paths of the properties that are set although the bridge has nothing alike."""
    if shape:
        yield from _absent(_plain(struct, (*shape.fields, *shape.missing)), shape, "")


def path_to_bridge(path: str, shape: Shape | None) -> str:
    """A property path (`rules[0].filter`) in the bridge's names."""
    return _path(path, shape, to_bridge=True)


def path_to_sdk(path: str, shape: Shape | None) -> str:
    """A property path of the bridge in pulumi-aws' names."""
    return _path(path, shape, to_bridge=False)


def _absent(value: JsonValue, shape: Shape, path: str) -> Iterator[str]:
    if _is_wrapper(value):
        yield from _absent(value.get("value"), shape, path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _absent(item, shape.each or shape, f"{path}[{index}]")
    elif isinstance(value, dict) and SIGNATURE not in value:
        for name, item in value.items():
            inner = shape.each or (shape.fields[name].inner if name in shape.fields else None)
            if name in shape.missing and item is not None:
                yield f"{path}.{name}".lstrip(".")
            elif inner:
                yield from _absent(item, inner, f"{path}.{name}".lstrip("."))


def _replace(
    struct: struct_pb2.Struct,
    names: Iterable[str],
    shape: Shape,
    translate: Callable[[JsonValue, Shape | None], JsonValue],
) -> None:
    """Translate the properties of these names. To decode all the others would cost milliseconds a message."""
    part = _plain(struct, names)
    for name in part:
        del struct.fields[name]
    struct.update(translate(part, shape))


def _plain(struct: struct_pb2.Struct, names: Iterable[str]) -> dict[str, JsonValue]:
    return {name: json_format.MessageToDict(struct.fields[name]) for name in names if name in struct.fields}


def _to_bridge(value: JsonValue, shape: Shape | None) -> JsonValue:
    if shape is None:
        return value
    if _is_wrapper(value):
        return {**value, "value": _to_bridge(value["value"], shape)} if "value" in value else value
    if shape.each:
        return _each(value, shape.each, _to_bridge)
    if not isinstance(value, dict) or SIGNATURE in value:
        return value
    changed: dict[str, JsonValue] = {name: [] for name in value.get(_EMPTY, ())}
    for name, inner in value.items():
        found = shape.fields.get(name)
        if name == _EMPTY or (found and inner is None and found.name in changed):
            continue
        if found:
            changed[found.name] = _nested_for_bridge(inner, found)
        elif name not in shape.missing:
            changed[name] = [""] if name in shape.not_empty and inner == [] else inner
    return changed


def _to_sdk(value: JsonValue, shape: Shape | None) -> JsonValue:
    if shape is None:
        return value
    if _is_wrapper(value):
        return {**value, "value": _to_sdk(value["value"], shape)} if "value" in value else value
    if shape.each:
        return _each(value, shape.each, _to_sdk)
    if not isinstance(value, dict) or SIGNATURE in value:
        return value
    names = shape.by_bridge_name
    changed: dict[str, JsonValue] = {}
    empty = []
    for name, inner in value.items():
        ours, found = names.get(name, (name, None))
        if found and found.nesting is Nesting.WRAPPED and inner == []:
            empty.append(name)
            continue
        if name in shape.not_empty and inner == [""]:
            changed[ours] = []
        else:
            changed[ours] = _nested_for_sdk(inner, found) if found else inner
    return {**changed, _EMPTY: empty} if empty else changed


def _each(
    value: JsonValue, shape: Shape, translate: Callable[[JsonValue, Shape | None], JsonValue]
) -> JsonValue:
    if isinstance(value, list):
        return [translate(item, shape) for item in value]
    if isinstance(value, dict):
        return {key: translate(item, shape) if key != "__defaults" else item for key, item in value.items()}
    return value


def _nested_for_bridge(value: JsonValue, found: Field) -> JsonValue:
    if found.nesting is Nesting.WRAPPED:
        return _wrapped(value, found, _to_bridge)
    if found.nesting is Nesting.UNWRAPPED:
        return _unwrapped(value, found, _to_bridge)
    return _to_bridge(value, found.inner)


def _nested_for_sdk(value: JsonValue, found: Field) -> JsonValue:
    if found.nesting is Nesting.WRAPPED:
        return _unwrapped(value, found, _to_sdk)
    if found.nesting is Nesting.UNWRAPPED:
        return _wrapped(value, found, _to_sdk)
    return _to_sdk(value, found.inner)


_Translate = Callable[[JsonValue, Shape | None], JsonValue]


def _wrapped(value: JsonValue, found: Field, translate: _Translate) -> JsonValue:
    if value is None or value == UNKNOWN_TEXT:
        return value
    if _is_wrapper(value):
        return {**value, "value": _wrapped(value["value"], found, translate)} if "value" in value else value
    return [translate(value, found.inner)]


def _unwrapped(value: JsonValue, found: Field, translate: _Translate) -> JsonValue:
    if _is_wrapper(value):
        return {**value, "value": _unwrapped(value["value"], found, translate)} if "value" in value else value
    if not isinstance(value, list):
        return value
    return translate(value[0], found.inner) if value else None


def _path(path: str, shape: Shape | None, *, to_bridge: bool) -> str:
    changed: list[str | int] = []
    segments: list[str | int] = [
        int(found["index"]) if found["index"] else found["key"] or found["name"]
        for found in _SEGMENT.finditer(path)
    ]
    while segments:
        segment = segments.pop(0)
        if shape is None or shape.each:
            changed.append(segment)
            shape = shape.each if shape else None
            continue
        name, found = _step(segment, shape, to_bridge=to_bridge)
        changed.append(name)
        shape = found.inner if found else None
        if found is None or found.nesting is Nesting.SAME:
            continue
        if (found.nesting is Nesting.WRAPPED) == to_bridge:
            changed.append(0) if segments else None
        elif segments and isinstance(segments[0], int):
            segments.pop(0)
    return _joined(changed)


def _step(segment: str | int, shape: Shape, *, to_bridge: bool) -> tuple[str | int, Field | None]:
    if isinstance(segment, int):
        return segment, None
    if to_bridge:
        found = shape.fields.get(segment)
        return (found.name if found else segment), found
    return shape.by_bridge_name.get(segment, (segment, None))


def _joined(segments: Sequence[str | int]) -> str:
    text = ""
    for segment in segments:
        if isinstance(segment, int):
            text += f"[{segment}]"
        elif re.fullmatch(r"[A-Za-z_$][\w$]*", segment):
            text += f".{segment}" if text else segment
        else:
            text += f'["{segment}"]'
    return text


def _is_wrapper(value: JsonValue) -> bool:
    return isinstance(value, dict) and value.get(SIGNATURE) in _WRAPPERS


def _decoded(value: JsonValue) -> JsonValue:
    if isinstance(value, str) and value[:1] in ("[", "{"):
        return json.loads(value)
    return value
