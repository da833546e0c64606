"""Every property that a rule reads is broken once in prod, and seen; no input makes a rule raise."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import pytest

from policies.core.catalog import all_rules
from policies.core.evaluation import Outcome, judge
from policies.core.resources import STACK, Resource, Stack
from policies.core.rule import Context, Rule
from policies.core.settings import load_settings
from policies.core.values import View
from policies.core.waivers import Waivers
from tests.unit.policies.fixtures import cases_of
from tests.unit.policies.golden import golden
from tests.unit.policies.mutants import mutants_of, scrambled

RULES = all_rules()
GENERATED = 10_000
SEED = 20261124
SUBJECTS = 2
"""Subjects of one rule that are broken: resources of one type are made by the same code."""
BOUNDS = {
    "AI-02": r"metadata\.labels",
    "AI-06": r"spec\.hard",
    # Some types have a list of that name; what is inside of a JSON text is broken with the text.
    "GEN-01": r"tags|defaultTags\.tags.*",
    "K8S-09": r".*\.resources\.requests",  # what is not requested is requested by the limit
    "K8S-14": r"metadata\.labels\.groundplan\.dev/tenant",
    "K8S-15": r"metadata\.labels",
    "AI-04": r"rules\.[1-9]\d*\.filter\..*",  # says what a later rule is about; the first ends old versions
    "S3-07": r"rules\.\d+\.filter\..*",  # says which objects it is about; another one is about all
    "S3-08": r"rules\.[1-9]\d*\.filter\..*",  # as of AI-04
}
"""Properties that only say whether something is a subject, by rule: breaking one takes it out."""


def _facts(resources: tuple[Resource, ...]) -> Context:
    return Context(environment="prod", settings=load_settings(), stack=Stack(resources))


def _fresh(resources: tuple[Resource, ...]) -> tuple[Resource, ...]:
    """Copies whose views have not been read from."""
    copies = tuple(replace(each) for each in resources)
    for each in copies:
        each.__dict__["view"] = View(each.properties)
    return copies


def _reads(rule: Rule, subject: Resource) -> Iterator[tuple[int, str]]:
    """Which properties of which resources a rule reads when it judges one subject of prod."""
    resources = _fresh(golden("prod"))
    verdict = judge(rule, subject, _facts(resources), Waivers())
    for index, each in enumerate(resources):
        paths = verdict.reads if each.urn == subject.urn else each.view.reads
        yield from ((index, path) for path in sorted(paths) if path)


def _caught(rule: Rule, subject: Resource, index: int, path: str) -> bool:
    for mutant in mutants_of(golden("prod"), index, path):
        [changed] = [each for each in mutant.resources if each.urn == subject.urn]
        if judge(rule, changed, _facts(mutant.resources), Waivers()).outcome is Outcome.FAIL:
            return True
    return False


def _subjects(rule: Rule) -> list[Resource]:
    """Of each type those of which the rule reads most: it passes over others, by what takes them out."""
    facts, by_type = _facts(golden("prod")), defaultdict(list)
    for each in golden("prod"):
        if rule.judges(each):
            by_type[each.type].append(each)
    for found in by_type.values():
        found.sort(key=lambda each: len(judge(rule, each, facts, Waivers()).reads), reverse=True)
    return [each for found in by_type.values() for each in found[:SUBJECTS]]


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_every_property_that_a_rule_reads_is_watched(rule: Rule) -> None:
    """Broken in prod, each of them makes the rule that read it fail; none is read for nothing."""
    missed = {
        (subject.type, subject.name, golden("prod")[index].name, path)
        for subject in _subjects(rule)
        for index, path in _reads(rule, subject)
        if not re.fullmatch(BOUNDS.get(rule.id, ""), path) and not _caught(rule, subject, index, path)
    }
    assert not missed


def test_no_input_makes_a_rule_fail() -> None:
    """Generated inputs, unknowns and secrets among them: an answer each time, never an exception."""
    dice = random.Random(SEED)  # noqa: S311 - the same inputs each time
    per_rule = GENERATED // len(RULES) + 1
    failures = set()
    for rule in RULES:
        cases = cases_of(rule.id)
        for _ in range(per_rule):
            resources = tuple(scrambled(each, dice) for each in dice.choice(cases).resources)
            facts = Context(environment="prod", settings=load_settings(), stack=Stack(resources))
            for subject in resources:
                if rule.judges(subject) and subject.type != STACK:
                    verdict = judge(rule, subject, facts, Waivers())
                    failures |= {
                        (rule.id, each.finding.message)
                        for each in verdict.findings
                        if each.finding.key == "broken rule"
                    }
    assert not failures
