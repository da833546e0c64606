"""Every type of AWS resource that the stacks create is judged by a rule, or has a reason not to be."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import yaml

from policies.core.catalog import all_rules
from policies.core.resources import Resource, Stack
from policies.core.rule import Context
from policies.core.settings import load_settings
from tests.unit.infra.recording import PROJECT_ROOT
from tests.unit.policies.golden import ENVIRONMENTS, golden

TABLE = PROJECT_ROOT / "policies" / "unjudged.yaml"
SHORTEST_REASON = 20
GOLDEN = (*ENVIRONMENTS, "prod-dr")


class AskedStack(Stack):
    """A stack that remembers the types that rules asked it for."""

    def __init__(self, resources: tuple[Resource, ...]) -> None:
        super().__init__(resources)
        self.asked: set[str] = set()

    def of(self, *types: str) -> list[Resource]:
        """As of any stack."""
        self.asked.update(types)
        return super().of(*types)

    def referring(self, target: Resource, type_: str, prop: str, *, by: Sequence[str] = ()) -> list[Resource]:
        """As of any stack."""
        self.asked.add(type_)
        return super().referring(target, type_, prop, by=by)

    def referred(self, resource: Resource, prop: str, *types: str) -> list[Resource]:
        """As of any stack."""
        self.asked.update(types)
        return super().referred(resource, prop, *types)


@cache
def _created() -> frozenset[str]:
    """The types that the golden stacks create."""
    return frozenset(
        each.type for environment in GOLDEN for each in golden(environment) if each.type.startswith("aws:")
    )


@cache
def _judged() -> frozenset[str]:
    """The types that rules name, and those that they ask golden stacks for."""
    named = {type_ for rule in all_rules() for type_ in rule.types if not type_.endswith("*")}
    return frozenset(named.union(*(_asked(environment) for environment in GOLDEN)))


def _asked(environment: str) -> set[str]:
    stack = AskedStack(golden(environment))
    context = Context(environment=environment, settings=load_settings(), stack=stack)
    for rule in all_rules():
        if rule.needs_stack:
            for each in filter(rule.judges, stack.resources):
                list(rule.check(each, context))
    return stack.asked


def _reasons() -> dict[str, str]:
    return yaml.safe_load(TABLE.read_text(encoding="utf-8"))["reasons"]


def test_every_type_is_judged_or_has_a_reason() -> None:
    """What is new in a stack gets a rule, or somebody says why it needs none."""
    assert sorted(_created() - _judged() - set(_reasons())) == []


def test_no_reason_is_left_over() -> None:
    """A type that is judged by now, or that no stack creates, has no place in the table."""
    assert sorted(type_ for type_ in _reasons() if type_ in _judged() or type_ not in _created()) == []


def test_reasons_are_reasons() -> None:
    """A sentence each."""
    short = [type_ for type_, reason in _reasons().items() if len(reason) < SHORTEST_REASON]
    assert short == []
    assert all(reason.endswith(".") for reason in _reasons().values())
