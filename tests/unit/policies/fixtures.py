"""Reads `policies/fixtures/`: an allowed stack for each rule, and what is done to it.

A file has the rule's id, its `resources` (together allowed by the rule), and `cases`. A case is `allowed`,
`disallowed`, `missing`, `unknown` or `wrong type`, changes some resources by `set` (path to value), `remove`
(paths), `without` (whole resources) or `protect`, and says what the rule must answer: the worst outcome over
all its subjects. `!unknown` stands for a value that is known only after the update; `!secret VALUE` for a
secret; `!json VALUE` for the JSON text of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from policies.core.evaluation import Outcome, Verdict, evaluate
from policies.core.resources import Resource, Stack
from policies.core.rule import Context, Rule
from policies.core.settings import PackSettings
from policies.core.values import UNKNOWN, Secret
from policies.core.waivers import Waivers

FOLDER = Path(__file__).resolve().parents[3] / "policies" / "fixtures"
KINDS = ("allowed", "disallowed", "missing", "unknown", "wrong type")
_ORDER = (Outcome.FAIL, Outcome.NOT_EVALUATED, Outcome.WAIVED, Outcome.PASS)


class _Loader(yaml.SafeLoader):
    """YAML with the tags of fixtures."""


_Loader.add_constructor("!unknown", lambda _loader, _node: UNKNOWN)
_Loader.add_constructor("!secret", lambda loader, node: Secret(_construct(loader, node)))
_Loader.add_constructor("!json", lambda loader, node: json.dumps(_construct(loader, node)))


def _construct(loader: Any, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One fixture: resources, and the answer that a rule must give."""

    rule: str
    kind: str
    number: int
    resources: tuple[Resource, ...]
    expected: Outcome
    environment: str
    settings: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.rule} {self.kind} {self.number}"

    def verdicts(self, rule: Rule) -> list[Verdict]:
        """What the rule says of each of its subjects."""
        facts = Context(
            environment=self.environment,
            settings=PackSettings.model_validate(dict(self.settings)),
            stack=Stack(self.resources),
        )
        return evaluate([rule], self.resources, facts, Waivers())

    def answer(self, rule: Rule) -> Outcome:
        """The worst of the verdicts."""
        outcomes = {verdict.outcome for verdict in self.verdicts(rule)}
        return next((each for each in _ORDER if each in outcomes), Outcome.PASS)


def cases_of(rule_id: str) -> list[Case]:
    """All cases of a rule; the first is the allowed stack as it is written."""
    raw = yaml.load((FOLDER / f"{rule_id}.yaml").read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    assert set(raw) <= {"rule", "resources", "cases", "environment", "settings"}, sorted(raw)
    assert raw["rule"] == rule_id
    cases = [{"case": "allowed", "expect": "pass"}, *raw["cases"]]
    return [_case(raw, each, number) for number, each in enumerate(cases)]


def _case(raw: Mapping[str, Any], case: Mapping[str, Any], number: int) -> Case:
    assert set(case) <= {
        "case",
        "set",
        "remove",
        "without",
        "protect",
        "expect",
        "environment",
        "settings",
    }, sorted(case)
    assert case["case"] in KINDS, case["case"]
    bodies = deepcopy(raw["resources"])
    urns = {name: _urn(name, body["type"]) for name, body in bodies.items()}
    resources = {name: _resource(name, body, urns) for name, body in bodies.items()}
    for name, changes in case.get("set", {}).items():
        for path, value in changes.items():
            put(resources[name].properties, path, value)
    for name, paths in case.get("remove", {}).items():
        for path in paths:
            take(resources[name].properties, path)
    for name in case.get("without", ()):
        del resources[name]
    for name, protect in case.get("protect", {}).items():
        resources[name] = replace(resources[name], protect=protect)
    return Case(
        rule=raw["rule"],
        kind=case["case"],
        number=number,
        resources=tuple(resources.values()),
        expected=Outcome(case["expect"]),
        environment=case.get("environment", raw.get("environment", "prod")),
        settings={**raw.get("settings", {}), **case.get("settings", {})},
    )


def _resource(name: str, body: Mapping[str, Any], urns: Mapping[str, str]) -> Resource:
    return Resource(
        urn=urns[name],
        type=body["type"],
        name=name,
        properties=body.get("properties", {}),
        protect=body.get("protect", False),
        property_dependencies={
            prop: [urns[target] for target in targets] for prop, targets in body.get("dependsOn", {}).items()
        },
    )


def _urn(name: str, type_: str) -> str:
    return f"urn:pulumi:prod::groundplan::{type_}::{name}"


def put(properties: Any, path: str | list[str], value: Any) -> None:
    """Set the value at a path, or at its steps; what is missing on the way is made."""
    *way, last = path.split(".") if isinstance(path, str) else path
    for step in way:
        properties = (
            properties[int(step)] if isinstance(properties, list) else properties.setdefault(step, {})
        )
    if isinstance(properties, list):
        properties[int(last)] = value
    else:
        properties[last] = value


def take(properties: Any, path: str) -> None:
    """Remove what is at a path."""
    *way, last = path.split(".")
    for step in way:
        properties = properties[int(step)] if isinstance(properties, list) else properties[step]
    if isinstance(properties, list):
        del properties[int(last)]
    else:
        del properties[last]
