"""A Pulumi state as a Terraform plan in JSON, so that auditors of Terraform can read it.

The plan says "create" of each resource and gives the values of the state. What a state cannot tell from "not
set" is left out: nulls, empty texts, and blocks of which there are none. References come from the property
dependencies, because auditors join resources by them (a bucket and its encryption, say).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from groundplan.audit.second_opinion.state import SECRET_PLACEHOLDER, UNKNOWN, Resource
from groundplan.audit.second_opinion.terraform_names import (
    Nesting,
    Property,
    ResourceType,
    resource_type,
    snake,
)

_PROVIDER = "registry.terraform.io/hashicorp/aws"
_NOT_AN_IDENTIFIER = re.compile(r"[^A-Za-z0-9_-]")
_TARGETS = ("arn", "name", "bucket")
"""What a reference may stand for beside the id, if the values are equal."""
JsonValue = Any
"""A value of JSON."""


@dataclass(frozen=True, kw_only=True)
class TerraformPlan:
    """A plan, and the way back from it.

    Args:
        document: what `terraform show -json` would print.
        urns: the URN of each address.
        not_converted: URNs of resources that are not of AWS, Kubernetes' aside.
    """

    document: Mapping[str, JsonValue]
    urns: Mapping[str, str]
    not_converted: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Entry:
    address: str
    resource: Resource
    kind: ResourceType


def convert(resources: Sequence[Resource]) -> TerraformPlan:
    """The AWS resources as a plan."""
    entries: dict[str, _Entry] = {}
    others = []
    taken: set[str] = set()
    for resource in resources:
        kind = resource_type(resource.type)
        if kind:
            address = _address(kind.name, resource.name, taken)
            entries[resource.urn] = _Entry(address=address, resource=resource, kind=kind)
        elif not resource.type.startswith("kubernetes:"):
            others.append(resource.urn)
    planned, changes, configuration = [], [], []
    for entry in entries.values():
        known, unknown = _values(entry.resource.values, entry.kind)
        head = _head(entry)
        planned.append({**head, "schema_version": 0, "values": known, "sensitive_values": {}})
        change = {"actions": ["create"], "before": None, "after": known, "after_unknown": unknown}
        changes.append({**head, "change": change})
        configuration.append({**head, "expressions": _expressions(entry, entries), "schema_version": 0})
    return TerraformPlan(
        document={
            "format_version": "1.2",
            "terraform_version": "1.9.0",
            "planned_values": {"root_module": {"resources": planned}},
            "resource_changes": changes,
            "configuration": {"root_module": {"resources": configuration}},
        },
        urns={entry.address: urn for urn, entry in entries.items()},
        not_converted=tuple(others),
    )


def _address(type_name: str, name: str, taken: set[str]) -> str:
    stem = f"{type_name}.{_NOT_AN_IDENTIFIER.sub('_', name)}"
    address, number = stem, 2
    while address in taken:
        address, number = f"{stem}_{number}", number + 1
    taken.add(address)
    return address


def _head(entry: _Entry) -> dict[str, str]:
    type_name, _, name = entry.address.partition(".")
    return {
        "address": entry.address,
        "mode": "managed",
        "type": type_name,
        "name": name,
        "provider_name": _PROVIDER,
    }


def _values(
    values: Mapping[str, JsonValue], kind: ResourceType
) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
    """What is known by Terraform's name, and what is not yet."""
    known: dict[str, JsonValue] = {}
    unknown: dict[str, JsonValue] = {}
    for name, value in values.items():
        described = kind.property(name)
        if value is UNKNOWN:
            unknown[described.name] = True
            continue
        translated = _translated(value, described)
        if not _is_unset(translated, described):
            known[described.name] = translated
    return known, unknown


def _translated(value: JsonValue, described: Property) -> JsonValue:
    if described.sensitive and value:
        return SECRET_PLACEHOLDER
    match described.nesting:
        case Nesting.WRAPPED if not isinstance(value, list):
            return [] if value is None or value is UNKNOWN else [_inside(value, described)]
        case Nesting.UNWRAPPED if isinstance(value, list):
            return _inside(value[0], described) if value else None
    return _inside(value, described)


def _inside(value: JsonValue, described: Property) -> JsonValue:
    if isinstance(value, list):
        return [_inside(item, described) for item in value if item is not UNKNOWN]
    if isinstance(value, dict):
        return _object(value, described) if described.fields else _as_is(value)
    return None if value is UNKNOWN else value


def _object(value: Mapping[str, JsonValue], described: Property) -> dict[str, JsonValue]:
    changed = {}
    for name, item in value.items():
        inner = described.fields.get(name) or Property(name=snake(name))
        translated = _translated(item, inner)
        if not _is_unset(translated, inner):
            changed[inner.name] = translated
    return changed


def _as_is(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {key: _as_is(item) for key, item in value.items() if item is not UNKNOWN}
    if isinstance(value, list):
        return [_as_is(item) for item in value if item is not UNKNOWN]
    return value


def _is_unset(value: JsonValue, described: Property) -> bool:
    return value is None or value == "" or (value == [] and described.block)


def _expressions(entry: _Entry, entries: Mapping[str, _Entry]) -> dict[str, JsonValue]:
    found = {}
    for name, urns in entry.resource.references.items():
        targets = [entries[urn] for urn in urns if urn in entries]
        if targets:
            value = entry.resource.values.get(name)
            references = [part for target in targets for part in _reference(value, target)]
            found[entry.kind.property(name).name] = {"references": references}
    return found


def _reference(value: JsonValue, target: _Entry) -> tuple[str, str]:
    values = target.resource.values
    attribute = next((name for name in _TARGETS if value and values.get(name) == value), "id")
    if value == values.get("id"):
        attribute = "id"
    return f"{target.address}.{attribute}", target.address
