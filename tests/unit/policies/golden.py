"""The three environments as a policy sees them: what their programs register, with all values known."""

from __future__ import annotations

from functools import cache

from policies.core.evaluation import Verdict, evaluate, stack_resource
from policies.core.resources import Resource, Stack
from policies.core.rule import Context, Rule
from policies.core.settings import load_settings
from policies.core.waivers import load_waivers
from tests.unit.infra.recording import estate_of

ENVIRONMENTS = ("dev", "staging", "prod")


@cache
def golden(environment: str) -> tuple[Resource, ...]:
    """Every resource of one environment, its own stack resource included."""
    recorded = [
        Resource(
            urn=each.urn,
            type=each.type,
            name=each.name,
            properties=each.inputs,
            parent=each.parent,
            dependencies=sorted(each.dependencies),
            property_dependencies=each.property_dependencies,
            protect=each.protect,
        )
        for each in estate_of(environment).resources
    ]
    return (stack_resource(environment), *recorded)


def verdicts_on(environment: str, resources: tuple[Resource, ...], *rules: Rule) -> list[Verdict]:
    """What rules say of resources, with the pack's own settings and waivers."""
    facts = Context(environment=environment, settings=load_settings(), stack=Stack(resources))
    return evaluate(rules, resources, facts, load_waivers())
