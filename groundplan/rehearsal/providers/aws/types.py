"""Types of properties, as far as names and nesting matter: what both schemas are reduced to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Scalar:
    """A value without properties of its own."""


@dataclass(frozen=True)
class ListOf:
    """A list or set."""

    item: Type


@dataclass(frozen=True)
class MapOf:
    """A map with free keys."""

    item: Type


@dataclass
class Record:
    """An object with named properties.

    Args:
        load: reads the properties; called at most once, as schemas are large and mostly unused.
    """

    load: Callable[[], Mapping[str, Type]]

    @cached_property
    def properties(self) -> Mapping[str, Type]:
        """Type of each property, by its Pulumi name (camelCase)."""
        return self.load()


Type = Scalar | ListOf | MapOf | Record
