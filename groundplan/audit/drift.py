"""How resources differ from what a state says of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from groundplan.audit.evidence import shown_value
from policies.core.resources import Resource
from policies.core.values import Secret

_ENGINES = "pulumi:"
"""Types that are no resources of any provider."""
_INTERNAL = "__"
"""Keys that providers keep for themselves."""
_COMPUTED = "(computed)"


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True)


class DriftedProperty(_Fact):
    """A property that is not what the state says; values only where they cannot be secrets."""

    path: str
    state: str
    now: str


class DriftFact(_Fact):
    """One resource that is not what the state says."""

    urn: str
    gone: bool
    properties: tuple[DriftedProperty, ...]

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.rpartition("::")[2]


def drift_between(
    state: Sequence[Resource], now: Sequence[Resource], differing: Mapping[str, Iterable[str]]
) -> tuple[DriftFact, ...]:
    """Resources that are gone, and properties that have other values.

    Args:
        state: what the state says.
        now: the same stack, refreshed.
        differing: top-level properties that the provider calls different, by URN of their resource.
    """
    found = {each.urn: each for each in now}
    drifted = []
    for each in state:
        other = found.get(each.urn)
        if each.type.startswith(_ENGINES):
            continue
        if other is None:
            drifted.append(DriftFact(urn=each.urn, gone=True, properties=()))
        elif each.urn in differing:
            names = sorted(differing[each.urn])
            properties = tuple(prop for name in names for prop in _differences(each, other, name))
            drifted.append(DriftFact(urn=each.urn, gone=False, properties=properties))
    return tuple(drifted)


def _differences(state: Resource, now: Resource, name: str) -> list[DriftedProperty]:
    """Where a property differs; one that the program does not set has no value to show."""
    found = list(_properties(state.properties.get(name), now.properties.get(name), name))
    return found or [DriftedProperty(path=name, state=_COMPUTED, now=_COMPUTED)]


def _properties(state: Any, now: Any, path: str) -> Iterator[DriftedProperty]:
    state, now = _read(state), _read(now)
    if isinstance(state, Mapping) and isinstance(now, Mapping):
        for key in sorted({*state, *now}):
            if not key.startswith(_INTERNAL):
                below = f"{path}.{key}" if path else key
                yield from _properties(state.get(key), now.get(key), below)
    elif isinstance(state, list) and isinstance(now, list) and len(state) == len(now):
        for index, (mine, theirs) in enumerate(zip(state, now, strict=True)):
            yield from _properties(mine, theirs, f"{path}.{index}")
    elif state != now:
        yield DriftedProperty(path=path, state=shown_value(state), now=shown_value(now))


def _read(value: Any) -> Any:
    """A document in JSON as what it says: its layout is no difference. Secrets stay closed."""
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    if isinstance(value, Secret):
        return Secret(_read(value.value))
    return value
