"""What is shown of a property as evidence. A value is shown only if it cannot be a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from policies.core.paths import step_into, steps
from policies.core.resources import Resource
from policies.core.values import UNKNOWN, Secret

_ARN = re.compile(r"(arn|urn):[\w:/.*+=@-]+")
_WORDS = re.compile(r"(?=.{1,24}$)[A-Za-z*]{1,24}|(?=.{1,24}$)[A-Za-z0-9]{1,8}([._:/-][A-Za-z0-9*]{1,8})*")
"""Names of an enumeration, versions, instance types: `aws:kms`, `1.35`, `g6.12xlarge`. A key of AWS is one
longer part with digits; a random text is longer."""


def shown(resource: Resource, path: str) -> str:
    """The value at a path of a resource's properties, or what stands there.

    Args:
        resource: whose property it is.
        path: dotted, as rules name it.
    """
    value: Any = resource.properties
    for step in steps(value, path):
        value = step_into(value, step)
    return shown_value(value)


def shown_value(value: Any) -> str:
    """A value, or what stands there."""
    if isinstance(value, bool | int | float):
        return str(value).lower()
    if isinstance(value, Mapping):
        return f"(object with {len(value)} keys)"
    if isinstance(value, list | tuple):
        return f"(list of {len(value)})"
    if isinstance(value, str):
        return _text(value)
    stands_for = {Secret: "(secret)", type(UNKNOWN): "(known after the update)", type(None): "absent"}
    return stands_for[type(value)]


def _text(text: str) -> str:
    return text if _ARN.fullmatch(text) or _WORDS.fullmatch(text) else f"(text of {len(text)} characters)"
