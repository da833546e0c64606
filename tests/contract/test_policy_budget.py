"""What may be left open: in the first preview as much as cannot be known, after the update nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from types import SimpleNamespace

import pytest
from pulumi.runtime.proto import analyzer_pb2

from groundplan.audit.command import judge_source
from groundplan.audit.sources import Source, from_state
from policies.core.catalog import all_rules
from policies.core.evaluation import Outcome
from policies.core.resources import Resource
from policies.core.rule import Level
from policies.core.settings import load_settings
from policies.pack import wire
from policies.pack.server import Pack
from tests.unit.audit.states import state_of
from tests.unit.policies.golden import ENVIRONMENTS, first_preview, golden, verdicts_on

HEADROOM = 1.25
"""The budget is no more than a quarter above what is needed."""


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_budget_is_what_the_first_preview_needs(environment: str) -> None:
    """Nothing mandatory is broken, what is open is within the budget, and the budget hides little else."""
    verdicts = verdicts_on(environment, first_preview(environment), *all_rules())
    mandatory = [each for each in verdicts if each.level is Level.MANDATORY]
    assert not [each.rule.id for each in mandatory if each.outcome is Outcome.FAIL]
    open_ = Counter(each.rule.id for each in mandatory if each.outcome is Outcome.NOT_EVALUATED)
    budget = load_settings().not_evaluated_budget[environment]
    assert open_.total() <= budget <= open_.total() * HEADROOM, open_


def test_an_audit_of_a_preview_has_the_budget_and_one_of_a_state_has_none() -> None:
    """The same open answers pass in the one and fail in the other."""
    resources = first_preview("dev")
    sources = [
        Source(kind=kind, name="dev", environment="dev", resources=resources)
        for kind in ("preview", "state", "account")
    ]
    audits = [judge_source(source) for source in sources]
    assert [(audit.passed, audit.not_evaluated_budget) for audit in audits] == [
        (True, load_settings().not_evaluated_budget["dev"]),
        (False, 0),
        (False, 0),
    ]
    after = judge_source(from_state(json.dumps(state_of(golden("dev"))), "state.json"))
    assert (after.passed, after.counts["not-evaluated"]) == (True, 0)


def _complaints(resources: Sequence[Resource], *, dry_run: bool) -> list[str]:
    """What the pack says about itself after it was asked about a whole stack, as the engine asks."""
    pack, context = Pack(all_rules()), SimpleNamespace()
    pack.ConfigureStack(SimpleNamespace(stack="dev", dry_run=dry_run), context)
    request = analyzer_pb2.AnalyzeStackRequest()
    for each in resources:
        properties = wire.struct(each.properties)
        one = analyzer_pb2.AnalyzeRequest(urn=each.urn, type=each.type, name=each.name, properties=properties)
        pack.Analyze(one, context)
        request.resources.add(
            urn=each.urn,
            type=each.type,
            name=each.name,
            properties=properties,
            parent=each.parent,
            propertyDependencies={
                key: analyzer_pb2.AnalyzerPropertyDependencies(urns=urns)
                for key, urns in each.property_dependencies.items()
            },
        ).options.protect = each.protect
    answer = pack.AnalyzeStack(request, context)
    return [each.message for each in answer.diagnostics if each.policyName == "PACK-00"]


def test_the_engine_is_stopped_by_what_an_update_leaves_open() -> None:
    """The first preview goes through; were the same still open in the update, it would not."""
    resources = first_preview("dev")
    assert _complaints(resources, dry_run=True) == []
    [complaint] = _complaints(resources, dry_run=False)
    assert "were not evaluated and 0 may be" in complaint
    assert _complaints(golden("dev"), dry_run=False) == []


def test_what_a_preview_leaves_out_is_not_judged() -> None:
    """`--exclude` shows a namespace with nothing in it: it breaks no rule, and one with a name does."""

    def found(properties: dict[str, object]) -> set[str]:
        pack, context = Pack(all_rules()), SimpleNamespace()
        pack.ConfigureStack(SimpleNamespace(stack="prod", dry_run=True), context)
        type_ = "kubernetes:core/v1:Namespace"
        urn, shown = f"urn:pulumi:prod::groundplan::{type_}::n", wire.struct(properties)
        alone = analyzer_pb2.AnalyzeRequest(urn=urn, type=type_, properties=shown)
        one = pack.Analyze(alone, context)
        request = analyzer_pb2.AnalyzeStackRequest()
        request.resources.add(urn=urn, type=type_, properties=shown)
        answers = (*one.diagnostics, *pack.AnalyzeStack(request, context).diagnostics)
        return {each.policyName for each in answers if each.urn == urn}

    assert found({}) == set()
    assert found({"metadata": {"name": "n"}}) >= {"K8S-13", "K8S-14"}
