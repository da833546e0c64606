"""Turns what pydantic found into problems that a person can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError
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
    "string_pattern_mismatch": "the text has another form",
}
_DESCRIBED = frozenset({"missing", "string_pattern_mismatch"})
"""Where bounds alone would tell too little: the purpose of the key says what form is meant."""

Location = tuple[int | str, ...]


@dataclass(frozen=True, kw_only=True)
class InputFile:
    """A kind of file that people write.

    Args:
        model: what it must hold.
        names: how the file calls keys of the model's first level, where that differs.
    """

    model: type[BaseModel]
    names: tuple[tuple[str, str], ...] = ()


STACK_FILE = InputFile(model=Settings, names=tuple(CONFIG_KEYS.items()))


def explain(
    error: ValidationError, data: Mapping[str, Any], file: InputFile = STACK_FILE
) -> tuple[Problem, ...]:
    """One problem for each error of `data`, in the words of the file."""
    items = error.errors(include_url=False)
    # A list with a wrong entry also counts as too short, which would be news to nobody.
    shadowed = {item["loc"][:length] for item in items for length in range(len(item["loc"]))}
    return tuple(
        _problem(item, data, file)
        for item in items
        if item["type"] != "too_short" or item["loc"] not in shadowed
    )


def key_path(location: Location, file: InputFile = STACK_FILE) -> str:
    """`("platform", "network", "zones", 0)` as `groundplan:platform.network.zones[0]`."""
    path, names = "", dict(file.names)
    for part in location:
        if isinstance(part, int) or part.isdecimal():
            path += f"[{part}]"
        else:
            path += f".{part}" if path else names.get(part, part)
    return path


def _problem(item: ErrorDetails, data: Mapping[str, Any], file: InputFile) -> Problem:
    context = item.get("ctx", {})
    location = (*item["loc"], *context.get("key", ()))
    kind = item["type"]
    of_key = location[-1] == "[key]"
    if of_key:
        location = location[:-1]
    given = location[-1] if of_key else None if kind == "missing" else _value_at(data, location)
    if kind == "refused":
        wrong, allowed = context["wrong"], context["allowed"]
    elif of_key:
        wrong, allowed = "the name cannot be used", f"a name that matches {context['pattern']}"
    elif kind == "extra_forbidden":
        siblings = tuple(_schema_at(location[:-1], file.model).get("properties", {}))
        wrong, allowed = _WRONG[kind], nearest(str(location[-1]), siblings)
    else:
        wrong = _WRONG.get(kind, item["msg"][0].lower() + item["msg"][1:])
        schema = _schema_at(location, file.model)
        allowed = _allowed(schema)
        purpose = _purpose(location, file.model) if kind in _DESCRIBED else ""
        allowed = f"{allowed}. {purpose}" if purpose else allowed
    return Problem(key=key_path(location, file), given=given, wrong=wrong, allowed=allowed)


def _purpose(location: Location, model: type[BaseModel]) -> str:
    """What a key is for; of an entry of a list, what the list is for."""
    own = " ".join(_schema_at(location, model).get("description", "").split())
    return own or (_purpose(location[:-1], model) if str(location[-1]).isdecimal() else "")


def _value_at(data: Any, location: Location) -> object:
    for part in location:
        if isinstance(data, Mapping):
            data = data.get(part)
        elif isinstance(data, Sequence) and not isinstance(data, str):
            data = data[int(part)]
    return data


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _schema_at(location: Location, model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of the setting at `location`."""
    definitions = _schema(model).get("$defs", {})
    node = _schema(model)
    for part in location:
        if "properties" in node:
            node = node["properties"].get(part, {})
        elif "prefixItems" in node:
            node = node["prefixItems"][int(part)]
        else:
            node = node.get("additionalProperties") or node.get("items") or _pattern_properties(node)
        node = _resolved(node, definitions)
    return node


def _pattern_properties(node: dict[str, Any]) -> dict[str, Any]:
    return next(iter(node.get("patternProperties", {}).values()), {})


def _resolved(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """What `node` points to; of `X or nothing` it is X."""
    for choice in node.get("anyOf", ()):
        if choice.get("type") != "null":
            return _resolved({**node, "anyOf": (), **choice}, definitions)
    reference = node.get("$ref")
    return definitions[reference.rsplit("/", 1)[1]] if reference else node


def _allowed(node: dict[str, Any]) -> str:  # noqa: PLR0911 - one return for each kind
    """What a schema accepts, in words."""
    if "const" in node:
        return str(node["const"])
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
        case "string" if node.get("format") == "date-time":
            return "a time with its zone, such as 2027-03-01T08:00:00Z"
        case _:
            return f"text that matches {node['pattern']}" if "pattern" in node else "text"
