"""What somebody else changed in the fields that a program sets.

Three versions of an object are compared: the program's inputs, the live object, and what applying the inputs
again would make of it (the server's dry run). Where the last two agree, nothing drifted: defaults, and fields
of other owners, are the same in both. Where they differ, the live value takes the place of the input.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from copy import deepcopy

from groundplan.rehearsal.providers.kubernetes.objects import SERVER_METADATA, Object
from groundplan.rehearsal.providers.kubernetes.values import Value

_ITEM_KEYS = ("name", "mountPath", "key", "containerPort", "port", "ip", "topologyKey", "type")
"""Keys that tell the items of a list apart, in the order they are tried."""


def drifted_inputs(inputs: Object, applied: Object, live: Object) -> Object:
    """The inputs with every drifted value in them replaced by the live one; equal to `inputs` without drift.

    Args:
        inputs: what the program says, without secret marks.
        applied: the result of applying it again, not persisted.
        live: the object as it is.
    """
    wanted, actual = _comparable(applied, inputs), _comparable(live, inputs)
    if wanted == actual:
        return inputs
    return _merge(inputs, wanted, actual)


def overlay(inputs: Value, live: Value, stored: Value = None) -> Value:
    """In the place of a dry run that the server refuses: the live object with the inputs laid over it.

    Args:
        inputs: what the program says.
        live: the object as it is.
        stored: as it was when the inputs were applied. What is as it was then has not drifted, though the
            server may write it in another way: `3Gi` for `3072Mi`.
    """
    if isinstance(inputs, dict) and isinstance(live, dict):
        before = stored if isinstance(stored, dict) else {}
        laid = {key: overlay(value, live.get(key), before.get(key)) for key, value in inputs.items()}
        return {**live, **laid}
    if isinstance(inputs, list) and isinstance(live, list) and len(inputs) == len(live):
        same = isinstance(stored, list) and len(stored) == len(live)
        before = stored if same else [None] * len(live)
        return [overlay(*items) for items in zip(inputs, live, before, strict=True)]
    return deepcopy(live if stored is not None and stored == live else inputs)


def _comparable(found: Object, inputs: Object) -> Object:
    cleaned = {key: value for key, value in found.items() if key != "status" or "status" in inputs}
    meta = cleaned.get("metadata", {})
    cleaned["metadata"] = {key: value for key, value in meta.items() if key not in SERVER_METADATA}
    return _with_string_data(cleaned, inputs) if inputs.get("stringData") else cleaned


def _with_string_data(found: Object, inputs: Object) -> Object:
    """A Secret's `stringData` is write-only: show those keys of `data` in the form they were given."""
    data = dict(found.get("data") or {})
    text = {}
    for key in inputs["stringData"]:
        if key in data:
            text[key] = _decoded(data.pop(key))
    return {**found, "data": data, "stringData": text}


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value).decode()
    except (binascii.Error, UnicodeDecodeError):
        return value


def _merge(given: Value, wanted: Value, actual: Value) -> Value:
    if wanted == actual:
        return given
    if isinstance(given, dict) and isinstance(wanted, dict) and isinstance(actual, dict):
        return _merge_objects(given, wanted, actual)
    if isinstance(given, list) and isinstance(wanted, list) and isinstance(actual, list):
        return _merge_lists(given, wanted, actual)
    return deepcopy(actual)


def _merge_objects(given: Object, wanted: Object, actual: Object) -> Object:
    merged = dict(given)
    for key in wanted.keys() | actual.keys() | given.keys():
        if key not in actual:
            if key in wanted:
                merged.pop(key, None)
        elif wanted.get(key) != actual[key]:
            merged[key] = _merge(given[key], wanted.get(key), actual[key]) if key in given else actual[key]
    return merged


def _merge_lists(given: list[Value], wanted: list[Value], actual: list[Value]) -> list[Value]:
    key = next((key for key in _ITEM_KEYS if _tells_apart(key, given, wanted, actual)), None)
    if key is None:
        if len(given) == len(wanted) == len(actual):
            return [_merge(*items) for items in zip(given, wanted, actual, strict=True)]
        return deepcopy(actual)
    ours, theirs, there = (_by_key(key, items) for items in (given, wanted, actual))
    kept = [_merge(item, theirs.get(name), there[name]) for name, item in ours.items() if name in there]
    return kept + [deepcopy(item) for name, item in there.items() if name not in theirs]


def _tells_apart(key: str, *lists: list[Value]) -> bool:
    return all(
        all(isinstance(item, Mapping) and isinstance(item.get(key), str | int) for item in items)
        and len({item[key] for item in items}) == len(items)
        for items in lists
    )


def _by_key(key: str, items: list[Value]) -> dict[Value, Value]:
    return {item[key]: item for item in items}
