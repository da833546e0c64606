"""A Pulumi state of AWS as a configuration and a state of OpenTofu: the same resources, by literal values.

Names and nesting come from the table of Terraform names, what may be set from the provider's own schema. The
state holds what Pulumi knows; a refresh by the provider completes it (`settle`). So there is one account, one
provider program, and nothing to change on either side.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groundplan.audit.second_opinion.terraform_names import Nesting, Property, resource_type, snake
from policies.core.protocol import SECRET, SIGNATURE

_PROVIDER_TYPE = "pulumi:providers:aws"
_NOT_AN_IDENTIFIER = re.compile(r"[^A-Za-z0-9_]")
JsonValue = Any
"""A value of JSON."""


@dataclass(kw_only=True)
class Estate:
    """What OpenTofu is given.

    Args:
        providers: settings of each configuration of the provider, by its alias.
        configuration: arguments of each resource, by address.
        instances: what the state knows of each resource, by address.
        left_out: addresses that OpenTofu cannot plan, with the reason.
        ignored: by address, the arguments that the plan is told to leave alone (`ignore_changes`).
        schemas: the provider's, by type.
        source: the provider's full name.
    """

    providers: dict[str, dict[str, JsonValue]] = field(default_factory=dict)
    configuration: dict[str, dict[str, JsonValue]] = field(default_factory=dict)
    instances: dict[str, dict[str, JsonValue]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    ignored: dict[str, list[str]] = field(default_factory=dict)
    schemas: Mapping[str, JsonValue] = field(default_factory=dict, repr=False)
    source: str = ""

    def settable(self, address: str) -> set[str]:
        """Arguments that a configuration may set."""
        block = self.schemas[address.partition(".")[0]]["block"]
        attributes = block.get("attributes", {}).items()
        return {*(name for name, each in attributes if _is_settable(each)), *block.get("block_types", {})}

    def leave_out(self, address: str, reason: str) -> None:
        """Take a resource from both sides, and remember why."""
        self.left_out[address] = reason
        self.configuration.pop(address, None)
        self.instances.pop(address, None)

    def ignore(self, address: str, arguments: Iterable[str]) -> None:
        """Leave arguments of a resource alone."""
        self.ignored[address] = sorted({*self.ignored.get(address, ()), *arguments})
        self.configuration[address]["lifecycle"] = {"ignore_changes": self.ignored[address]}

    def write_configuration(self, folder: Path) -> None:
        """Write `main.tf.json`."""
        resources: dict[str, dict[str, JsonValue]] = {}
        for address, arguments in self.configuration.items():
            kind, _, name = address.partition(".")
            resources.setdefault(kind, {})[name] = arguments
        providers = [{"alias": alias, **settings} for alias, settings in self.providers.items()]
        document = {
            "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
            "provider": {"aws": providers},
            "resource": resources,
        }
        (folder / "main.tf.json").write_text(json.dumps(document, indent=1))

    def write_state(self, folder: Path) -> None:
        """Write `terraform.tfstate`, as it is before anything was read from the account."""
        document = {
            "version": 4,
            "serial": 1,
            "lineage": "groundplan",
            "outputs": {},
            "resources": [_in_state(address, self.source, each) for address, each in self.instances.items()],
        }
        (folder / "terraform.tfstate").write_text(json.dumps(document, indent=1))


def _in_state(address: str, source: str, instance: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    kind, _, name = address.partition(".")
    return {
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider": f'provider["{source}"].{instance["alias"]}',
        "instances": [
            {
                "schema_version": instance["version"],
                "attributes": instance["attributes"],
                "sensitive_attributes": instance["sensitive"],
            }
        ],
    }


def estate_of(state: Mapping[str, JsonValue], schema: Mapping[str, JsonValue]) -> Estate:
    """Everything of AWS in a state that was exported with `--show-secrets`.

    Args:
        state: what `pulumi stack export --show-secrets` wrote.
        schema: what `tofu providers schema -json` prints of the one provider.
    """
    [(source, described)] = schema["provider_schemas"].items()
    made = Estate(schemas=described["resource_schemas"], source=source)
    aliases: dict[str, str] = {}
    for entry in state["deployment"]["resources"]:
        if entry["type"] == _PROVIDER_TYPE:
            alias = _identifier(entry["urn"].rpartition("::")[2])
            aliases[f"{entry['urn']}::{entry['id']}"] = alias
            made.providers[alias] = _provider(entry["inputs"], described["provider"]["block"])
    for entry in state["deployment"]["resources"]:
        if entry.get("custom") and not entry.get("external") and entry["type"].startswith("aws:"):
            _add(made, entry, aliases[entry["provider"]])
    return made


def _add(made: Estate, entry: Mapping[str, JsonValue], alias: str) -> None:
    kind = resource_type(entry["type"])
    name = _identifier(entry["urn"].rpartition("::")[2])
    address = f"{kind.name if kind else entry['type']}.{name}"
    while address in made.configuration:
        address += "_"
    if kind is None or kind.name not in made.schemas:
        made.left_out[address] = "the provider has no such type"
        return
    described = made.schemas[kind.name]
    inputs = {kind.property(key).name: (value, kind.property(key)) for key, value in _set(entry["inputs"])}
    known = inputs | {
        kind.property(key).name: (value, kind.property(key)) for key, value in _set(entry["outputs"])
    }
    arguments = {name: _translated(value, each) for name, (value, each) in inputs.items()}
    attributes = {name: _translated(value, each) for name, (value, each) in known.items()}
    block = described["block"]
    made.configuration[address] = {
        "provider": f"aws.{alias}",
        **_escaped(_fitted(arguments, block, settable=True)),
    }
    fitted = _fitted({**attributes, "id": entry["id"]}, block, settable=False)
    made.instances[address] = {
        "alias": alias,
        "version": described["version"],
        "attributes": fitted,
        "sensitive": list(_sensitive(fitted, block)),
    }


def _provider(inputs: Mapping[str, JsonValue], block: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Settings of a provider; its objects and lists are JSON texts in Pulumi."""
    values: dict[str, JsonValue] = {}
    for key, value in _set(inputs):
        name = snake(key)
        decoded = json.loads(value) if isinstance(value, str) and value[:1] in "[{" else value
        values[name] = [decoded] if isinstance(decoded, dict) and name in block["block_types"] else decoded
    return _escaped(_fitted(values, block, settable=True))


def _set(values: Mapping[str, JsonValue]) -> Iterable[tuple[str, JsonValue]]:
    return ((key, _plain(value)) for key, value in values.items() if not key.startswith("__"))


def _plain(value: JsonValue) -> JsonValue:
    """A value without Pulumi's marks; a secret is what it hides."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return _plain(json.loads(value["plaintext"]))
        return {key: _plain(item) for key, item in value.items() if not key.startswith("__")}
    return value


def _translated(value: JsonValue, described: Property) -> JsonValue:
    match described.nesting:
        case Nesting.WRAPPED if not isinstance(value, list):
            return [] if value is None else [_inside(value, described)]
        case Nesting.UNWRAPPED if isinstance(value, list):
            return _inside(value[0], described) if value else None
    return _inside(value, described)


def _inside(value: JsonValue, described: Property) -> JsonValue:
    if isinstance(value, list):
        return [_inside(item, described) for item in value]
    if isinstance(value, dict) and described.fields:
        inner = {key: described.fields.get(key) or Property(name=snake(key)) for key in value}
        return {inner[key].name: _translated(item, inner[key]) for key, item in value.items()}
    return value


def _fitted(
    values: Mapping[str, JsonValue], block: Mapping[str, JsonValue], *, settable: bool
) -> dict[str, JsonValue]:
    """What the schema has of some values: for a configuration what may be set, for a state all of it."""
    fitted: dict[str, JsonValue] = {}
    for name, attribute in block.get("attributes", {}).items():
        value = values.get(name)
        if not settable or (value is not None and _is_settable(attribute)):
            fitted[name] = _typed(value, attribute["type"])
    for name, nested in block.get("block_types", {}).items():
        if nested["nesting_mode"] not in {"list", "set"}:
            continue  # `timeouts`
        value = values.get(name) or []
        items = value if isinstance(value, list) else [value]
        inner = [_fitted(item or {}, nested["block"], settable=settable) for item in items]
        if inner or not settable:
            fitted[name] = inner
    return fitted


def _sensitive(
    values: Mapping[str, JsonValue], block: Mapping[str, JsonValue], *path: JsonValue
) -> Iterable[list[JsonValue]]:
    """Paths of what the schema calls sensitive: a state that does not know it would be changed."""
    for name, attribute in block.get("attributes", {}).items():
        if attribute.get("sensitive"):
            yield [*path, {"type": "get_attr", "value": name}]
    for name, nested in block.get("block_types", {}).items():
        for number, item in enumerate(values.get(name) or () if nested["nesting_mode"] == "list" else ()):
            index = {"type": "index", "value": {"value": number, "type": "number"}}
            yield from _sensitive(item, nested["block"], *path, {"type": "get_attr", "value": name}, index)


def _is_settable(attribute: Mapping[str, JsonValue]) -> bool:
    return bool(attribute.get("required") or attribute.get("optional"))


def _typed(value: JsonValue, kind: JsonValue) -> JsonValue:
    """A value in the form in which the schema's type is written; nulls where an object lacks a field."""
    match kind:
        case _ if value is None:
            return None
        case ["list" | "set", item]:
            return [_typed(each, item) for each in (value if isinstance(value, list) else [value])]
        case ["map", item]:
            return {key: _typed(each, item) for key, each in value.items()}
        case ["object", {**fields}]:
            return {name: _typed(value.get(name), each) for name, each in fields.items()}
    return _scalar(value, kind)


def _scalar(value: JsonValue, kind: JsonValue) -> JsonValue:
    """Numbers of Pulumi are all floats, and settings of its providers all texts."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if kind == "string" and not isinstance(value, str):
        return json.dumps(value)
    if kind in {"bool", "number"} and isinstance(value, str):
        return json.loads(value) if value else None
    return value


def _escaped(value: JsonValue) -> JsonValue:
    """Texts as OpenTofu's JSON takes them literally."""
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return value.replace("${", "$${").replace("%{", "%%{") if isinstance(value, str) else value


def _identifier(name: str) -> str:
    return _NOT_AN_IDENTIFIER.sub("_", name)
