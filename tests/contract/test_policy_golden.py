"""The policy pack on the three environments of this repository, and on prod in its second region."""

from __future__ import annotations

import pytest

from policies.core.catalog import all_rules
from policies.core.evaluation import Outcome
from policies.core.rule import Rule
from tests.unit.policies.golden import ENVIRONMENTS, golden, verdicts_on

RULES = all_rules()


@pytest.mark.parametrize("environment", [*ENVIRONMENTS, "prod-dr"])
@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_estate_breaks_no_rule(rule: Rule, environment: str) -> None:
    """Nothing that is mandatory is broken or left open."""
    blocking = [
        (each.resource.urn.rpartition("::")[2], [judged.finding for judged in each.findings], each.open)
        for each in verdicts_on(environment, golden(environment), rule)
        if each.blocks or each.outcome is Outcome.NOT_EVALUATED
    ]
    assert not blocking
