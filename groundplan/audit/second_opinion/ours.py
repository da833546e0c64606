"""The verdicts of our own rules in the form that is compared."""

from __future__ import annotations

from collections.abc import Iterable

from groundplan.audit.second_opinion.agreement import Outcome, Verdict
from policies.core import evaluation
from policies.core.rule import Rule


def verdicts_of(verdicts: Iterable[evaluation.Verdict]) -> list[Verdict]:
    """What the pack says, without its findings."""
    return [
        Verdict(rule=each.rule.id, urn=each.resource.urn, outcome=Outcome(each.outcome.value))
        for each in verdicts
    ]


def equivalents_of(rules: Iterable[Rule]) -> dict[str, tuple[str, ...]]:
    """The checks that each rule is mapped to, by the rule's id."""
    return {rule.id: tuple(rule.equivalents) for rule in rules}
