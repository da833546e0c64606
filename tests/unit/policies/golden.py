"""The three environments as a policy sees them: what their programs register, all of it known or not yet."""

from __future__ import annotations

from functools import cache
from typing import Any

from pulumi.output import Unknown
from pulumi.runtime import rpc

from policies.core.evaluation import Verdict, evaluate, stack_resource
from policies.core.resources import Resource, Stack
from policies.core.rule import Context, Rule
from policies.core.settings import load_settings
from policies.core.values import UNKNOWN, Secret
from policies.core.waivers import load_waivers
from tests.unit.infra.recording import Recording, estate_of

ENVIRONMENTS = ("dev", "staging", "prod")


@cache
def golden(environment: str) -> tuple[Resource, ...]:
    """Every resource of one environment, its own stack resource included."""
    return _resources(environment, estate_of(environment))


@cache
def first_preview(environment: str) -> tuple[Resource, ...]:
    """The same in the first preview of an empty account: what AWS will compute is not known yet."""
    return _resources(environment, estate_of(environment, preview=True))


def _resources(environment: str, recording: Recording) -> tuple[Resource, ...]:
    recorded = [
        Resource(
            urn=each.urn,
            type=each.type,
            name=each.name,
            properties=_plain(each.inputs),
            parent=each.parent,
            dependencies=sorted(each.dependencies),
            property_dependencies=each.property_dependencies,
            protect=each.protect,
        )
        for each in recording.resources
    ]
    return (stack_resource(environment), *recorded)


def _plain(value: Any) -> Any:
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, dict):
        if rpc.is_rpc_secret(value):
            return Secret(_plain(rpc.unwrap_rpc_secret(value)))
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def verdicts_on(environment: str, resources: tuple[Resource, ...], *rules: Rule) -> list[Verdict]:
    """What rules say of resources, with the pack's own settings and waivers."""
    facts = Context(environment=environment, settings=load_settings(), stack=Stack(resources))
    return evaluate(rules, resources, facts, load_waivers())
