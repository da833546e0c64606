"""Dotted paths into properties. Keys of labels hold dots themselves: the longest key that exists wins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def steps(properties: Any, path: str) -> list[str]:
    """The keys and indices of a path, one by one.

    Args:
        properties: what the path leads into.
        path: such as `rules.0.sseAlgorithm` or `labels.groundplan.dev/pool`.
    """
    parts = path.split(".") if path else []
    found: list[str] = []
    while parts:
        count = _parts_of_key(properties, parts)
        step, parts = ".".join(parts[:count]), parts[count:]
        found.append(step)
        properties = step_into(properties, step)
    return found


def _parts_of_key(value: Any, parts: list[str]) -> int:
    """How many parts of a path are the next key."""
    if len(parts) == 1 or not isinstance(value, Mapping):
        return 1
    lengths = range(len(parts), 0, -1)
    return next((length for length in lengths if ".".join(parts[:length]) in value), 1)


def step_into(value: Any, step: str) -> Any:
    """What is under one key or index; None where there is nothing."""
    if isinstance(value, Mapping):
        return value.get(step)
    if isinstance(value, list | tuple) and step.isdigit() and int(step) < len(value):
        return value[int(step)]
    return None
