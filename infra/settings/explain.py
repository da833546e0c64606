"""Turns what pydantic found into problems that a person can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from infra.settings.errors import Problem
from infra.settings.models import Settings
from infra.settings.types import nearest

CONFIG_KEYS = {"platform": "groundplan:platform", "region": "aws:region"}
"""How the parts of `Settings` are called in a stack file."""

_WRONG = {
    "extra_forbidden": "there is no such key",
    "missing": "the key is missing",
    "int_type": "this is not a whole number",
    "int_from_float": "this is not a whole number",
    "float_type": "this is not a number",
    "bool_type": "this is neither true nor false",
    "string_type": "this is not text",
    "tuple_type": "this is not a list",
    "dict_type": "this is not a mapping",
    "model_type": "this is not a mapping",
    "literal_error": "the value is not known",
    "enum": "the value is not known",
    "too_short": "there are too few entries",
    "too_long": "the list is too long",
}

Location = tuple[int | str, ...]


def explain(error: ValidationError, data: Mapping[str, Any]) -> tuple[Problem, ...]:
    """One problem for each error of `data`, in the words of the stack file."""
    items = error.errors(include_url=False)
    # A list with a wrong entry also counts as too short, which would be news to nobody.
    shadowed = {item["loc"][:length] for item in items for length in range(len(item["loc"]))}
    return tuple(
        _problem(item, data) for item in items if item["type"] != "too_short" or item["loc"] not in shadowed
    )


def key_path(location: Location) -> str:
    """`("platform", "network", "zones", 0)` as `groundplan:platform.network.zones[0]`."""
    path = ""
    for part in location:
        if isinstance(part, int) or part.isdecimal():
            path += f"[{part}]"
        else:
            path += f".{part}" if path else CONFIG_KEYS.get(part, part)
    return path


def _problem(item: ErrorDetails, data: Mapping[str, Any]) -> Problem:
    context = item.get("ctx", {})
    location = (*item["loc"], *context.get("key", ()))
    kind = item["type"]
    given = None if kind == "missing" else _value_at(data, location)
    if kind == "refused":
        wrong, allowed = context["wrong"], context["allowed"]
    elif location[-1] == "[key]":
        location, given = location[:-1], location[-2]
        wrong, allowed = "the name cannot be used", f"a name that matches {context['pattern']}"
    elif kind == "extra_forbidden":
        siblings = tuple(_schema_at(location[:-1]).get("properties", {}))
        wrong, allowed = _WRONG[kind], nearest(str(location[-1]), siblings)
    else:
        wrong = _WRONG.get(kind, item["msg"][0].lower() + item["msg"][1:])
        schema = _schema_at(location)
        allowed = _allowed(schema)
        if kind == "missing" and "description" in schema:
            allowed += f". {schema['description']}"
    return Problem(key=key_path(location), given=given, wrong=wrong, allowed=allowed)


def _value_at(data: Any, location: Location) -> object:
    for part in location:
        if isinstance(data, Mapping):
            data = data.get(part)
        elif isinstance(data, Sequence) and not isinstance(data, str):
            data = data[int(part)]
    return data


@cache
def _schema() -> dict[str, Any]:
    return Settings.model_json_schema()


def _schema_at(location: Location) -> dict[str, Any]:
    """The JSON schema of the setting at `location`."""
    node = _resolved(_schema())
    for part in location:
        if "properties" in node:
            node = node["properties"].get(part, {})
        elif "prefixItems" in node:
            node = node["prefixItems"][int(part)]
        else:
            node = node.get("additionalProperties") or node.get("items") or _pattern_properties(node)
        node = _resolved(node)
    return node


def _pattern_properties(node: dict[str, Any]) -> dict[str, Any]:
    return next(iter(node.get("patternProperties", {}).values()), {})


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    reference = node.get("$ref")
    return _schema()["$defs"][reference.rsplit("/", 1)[1]] if reference else node


def _allowed(node: dict[str, Any]) -> str:
    """What a schema accepts, in words."""
    if "enum" in node:
        return f"one of {', '.join(map(str, node['enum']))}"
    match node.get("type"):
        case "integer" | "number":
            noun = "a whole number" if node["type"] == "integer" else "a number"
            lower = f" above {node['exclusiveMinimum']}" if "exclusiveMinimum" in node else ""
            lower = lower or f" from {node['minimum']}"
            return f"{noun}{lower} to {node['maximum']}"
        case "boolean":
            return "true or false"
        case "array":
            least, most = node.get("minItems", 0), node.get("maxItems")
            return f"a list of {least} entries" if least == most else f"a list of at least {least} entries"
        case "object":
            keys = ", ".join(node.get("properties", {}))
            least = f", at least {node['minProperties']}" if "minProperties" in node else ""
            return f"a mapping with the keys {keys}" if keys else f"a mapping of names to settings{least}"
        case _:
            return f"text that matches {node['pattern']}" if "pattern" in node else "text"
