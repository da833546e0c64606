"""What the `pulumi_aws` SDK calls types and properties, read from its classes as they are needed."""

from __future__ import annotations

import importlib
import re
import typing
from collections.abc import Mapping, Sequence
from functools import cache, partial
from types import ModuleType
from typing import Any

from pulumi import (
    _types as pulumi_types,
)  # the SDK's own reader of its generated classes; there is no public one

from groundplan.rehearsal.providers.aws.types import ListOf, MapOf, Record, Scalar, Type

_TOKEN = re.compile(r"aws:(?P<module>\w+)/(?P<leaf>\w+):(?P<name>\w+)")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@cache
def resource(token: str) -> Record | None:
    """Properties of a resource, inputs and outputs alike; None if the SDK has no such type."""
    module, name = _leaf_module(token)
    if module is None:
        return None
    classes = [getattr(module, f"_{name}State", None), getattr(module, f"{name}Args", None)]
    return Record(lambda: _merged([_of_class(found) for found in classes if found]))


@cache
def function(token: str) -> Record | None:
    """Results of a function, which also name its arguments; None if the SDK has no such function."""
    module, name = _leaf_module(token)
    result = getattr(module, f"{name[0].upper()}{name[1:]}Result", None)
    return Record(partial(_of_class, result)) if result else None


@cache
def configuration() -> Record:
    """Settings of the provider."""
    from pulumi_aws.provider import ProviderArgs  # noqa: PLC0415 - a second of start-up, and seldom needed

    return Record(partial(_of_class, ProviderArgs))


def _leaf_module(token: str) -> tuple[ModuleType | None, str]:
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        return None, ""
    leaf = _snake(parts["leaf"])
    name = f"pulumi_aws.{leaf}" if parts["module"] == "index" else f"pulumi_aws.{parts['module']}.{leaf}"
    for candidate in (name, f"{name}_"):  # a name that Python reserves gets an underscore (`lambda_`)
        try:
            return importlib.import_module(candidate), parts["name"]
        except ModuleNotFoundError:
            continue
    return None, parts["name"]


def _snake(name: str) -> str:
    return "_".join(_WORDS.split(name)).lower()


def _merged(records: Sequence[Mapping[str, Type]]) -> Mapping[str, Type]:
    return {name: kind for record in records for name, kind in record.items()}


@cache
def _of_class(cls: type) -> Mapping[str, Type]:
    reader = (
        pulumi_types.input_type_types if pulumi_types.is_input_type(cls) else pulumi_types.output_type_types
    )
    return {name: _of_hint(hint) for name, hint in reader(cls).items()}


def _of_hint(hint: Any) -> Type:
    hint = _unwrapped(hint)
    arguments = typing.get_args(hint)
    origin = typing.get_origin(hint)
    if origin and issubclass(origin, Sequence):
        return ListOf(_of_hint(arguments[0]))
    if origin and issubclass(origin, Mapping):
        return MapOf(_of_hint(arguments[1]))
    if isinstance(hint, type) and (pulumi_types.is_input_type(hint) or pulumi_types.is_output_type(hint)):
        return Record(partial(_of_class, hint))
    return Scalar()


def _unwrapped(hint: Any) -> Any:
    """The first member of a union, which is what `Input`, `Optional` and `InputType` name first."""
    while typing.get_origin(hint) is typing.Union:
        hint = next(member for member in typing.get_args(hint) if member is not type(None))
    return hint
