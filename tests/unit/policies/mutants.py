"""Breaks stacks: one property at a time, or at random."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from policies.core.paths import step_into, steps
from policies.core.resources import Resource
from policies.core.values import UNKNOWN, Secret
from tests.unit.policies.fixtures import put

EVERYBODY = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
WRONG_TYPES = ({"broken": ["by", {"a": "mutant"}]}, 7)


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A stack in which one property of one resource is broken."""

    resource: str
    path: str
    value: Any
    resources: tuple[Resource, ...]


def mutants_of(resources: Sequence[Resource], index: int, path: str) -> Iterator[Mutant]:
    """Every way to break one property, the likely mistakes first and a wrong type last.

    Args:
        resources: the stack.
        index: which of them is broken.
        path: which of its properties.
    """
    broken = resources[index]
    inside = _setting(broken.properties, path)
    found = inside[2] if inside else _at(broken.properties, path)
    for value in (*_mistakes(found), *WRONG_TYPES):
        properties = deepcopy(dict(broken.properties))
        try:
            if inside:
                name, key, _ = inside
                properties[name] = json.dumps({**json.loads(properties[name]), key: value})
            else:
                put(properties, steps(properties, path), value)
        except (AttributeError, TypeError, IndexError, KeyError):
            continue  # the way to the property does not exist here
        mutated = (*resources[:index], replace(broken, properties=properties), *resources[index + 1 :])
        yield Mutant(resource=broken.name, path=path, value=value, resources=mutated)


def _setting(properties: Mapping[str, Any], path: str) -> tuple[str, str, Any] | None:
    """Name, key and value of a setting in a property that is an object in JSON; its key may have dots."""
    name, _, key = path.partition(".")
    text = properties.get(name)
    settings = json.loads(text) if key and isinstance(text, str) and text.startswith('{"') else {}
    return (name, key, settings[key]) if key in settings else None


def _mistakes(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if value in ("true", "false"):
        return ["true" if value == "false" else "false"]
    if isinstance(value, int | float):
        return [0, value * 1000 + 1, -1]
    if isinstance(value, str):
        return [
            json.dumps({"Version": "2012-10-17", "Statement": [EVERYBODY]}),
            "broken by a mutant",
            "*",
            "",
        ]
    if isinstance(value, list):
        return [[], ["broken by a mutant"]]
    return [{}] if isinstance(value, Mapping) else [True, "broken by a mutant"]


def _at(value: Any, path: str) -> Any:
    for step in steps(value, path):
        value = step_into(value, step)
    return value


def scrambled(resource: Resource, dice: random.Random) -> Resource:
    """The resource with some of its values replaced by anything that JSON, an unknown or a secret can be."""
    return replace(resource, properties=_scrambled(deepcopy(dict(resource.properties)), dice))


def _scrambled(value: Any, dice: random.Random, depth: int = 0) -> Any:
    if depth and dice.random() < 0.15:
        return _anything(dice)
    if isinstance(value, Mapping):
        return {key: _scrambled(item, dice, depth + 1) for key, item in value.items() if dice.random() > 0.05}
    if isinstance(value, list):
        return [_scrambled(item, dice, depth + 1) for item in value]
    if isinstance(value, str) and value.startswith('{"') and dice.random() < 0.5:
        return json.dumps(_scrambled(json.loads(value), dice, depth + 1), default=str)
    return value


def _anything(dice: random.Random) -> Any:
    return deepcopy(
        dice.choice(
            [
                None,
                True,
                -1,
                0,
                2**63,
                1.5,
                float("inf"),
                "",
                "*",
                "{",
                "[]",
                "\x00\ud7ff",
                "arn:aws:iam::*:root",
                "a" * 5000,
                [],
                [None],
                [[]],
                [{}],
                {},
                {"": None},
                {"Statement": [None]},
                {"Statement": {"Effect": "Allow", "Action": [[]]}},
                UNKNOWN,
                [UNKNOWN],
                {"a": UNKNOWN},
                Secret("hunter2"),
                Secret(UNKNOWN),
            ]
        )
    )
