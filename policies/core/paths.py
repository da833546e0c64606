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
        count = next(
            (
                length
                for length in range(len(parts), 0, -1)
                if isinstance(properties, Mapping) and ".".join(parts[:length]) in properties
            ),
            1,
        )
        step, parts = ".".join(parts[:count]), parts[count:]
        found.append(step)
        properties = step_into(properties, step)
    return found


def step_into(value: Any, step: str) -> Any:
    """What is under one key or index; None where there is nothing."""
    if isinstance(value, Mapping):
        return value.get(step)
    if isinstance(value, list | tuple) and step.isdigit() and int(step) < len(value):
        return value[int(step)]
    return None
