"""Checks values against the shapes of botocore's service models: what AWS itself validates first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "list": (list,),
    "map": (dict,),
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (datetime,),
    "blob": (bytes, str),
}


_JAVA = {
    r"\uD800\uDC00-\uDBFF\uDFFF": r"\U00010000-\U0010FFFF",
    r"\p{L}": r"\w",
    r"\p{N}": r"\d",
    r"\p{Z}": r"\s",
    "(?i)": "",  # amid a pattern Python has no flags; the one that is so forbids something, in all cases
}
"""Characters as Java (and so the models) writes them, and as Python does, or the nearest wider class."""


def problems(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """Yield one sentence for each way in which a parsed value breaks its shape.

    Args:
        shape: the botocore shape it must have.
        value: the parsed value.
        path: where it lies, for the message.
    """
    allowed = _PYTHON_TYPES[shape.type_name]
    if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
        yield f"{path or shape.name}: {type(value).__name__} given, {shape.type_name} wanted"
    elif isinstance(shape, StructureShape):
        yield from _structure_problems(shape, value, path)
    elif isinstance(shape, ListShape):
        yield from _length_problems(shape, len(value), path)
        for index, item in enumerate(value):
            yield from problems(shape.member, item, f"{path}[{index}]")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from problems(shape.key, key, f"{path}.{key}")
            yield from problems(shape.value, item, f"{path}.{key}")
    elif isinstance(shape, StringShape):
        yield from _string_problems(shape, value, path)
    elif shape.type_name in {"integer", "long"}:
        yield from _length_problems(shape, value, path)


def _structure_problems(shape: StructureShape, value: dict[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"{path}.{name}: missing"
    for name, item in value.items():
        member = shape.members.get(name)
        if member is None:
            yield f"{path}.{name}: unknown member of {shape.name}"
        elif item is not None:
            yield from problems(member, item, f"{path}.{name}")


def _string_problems(shape: StringShape, value: str, path: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield f"{path}: {value!r} is not one of {', '.join(shape.enum)}"
    pattern = shape.metadata.get("pattern", "")
    for java, python in _JAVA.items():
        pattern = pattern.replace(java, python)
    if pattern and not re.search(pattern, value):
        yield f"{path}: {value!r} does not match {pattern}"
    yield from _length_problems(shape, len(value), path)


def _length_problems(shape: Shape, size: int, path: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield f"{path}: {size} is less than {low}"
    if high is not None and size > high:
        yield f"{path}: {size} is more than {high}"
