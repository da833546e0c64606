"""What holds for every rule of the policy pack, without naming one."""

from __future__ import annotations

import importlib
import pkgutil
import re
from functools import cache

import pytest
import yaml

import policies.rules
from policies.core.catalog import all_rules
from policies.core.evaluation import Outcome
from policies.core.rule import Framework, Rule
from tests.unit.infra.recording import PROJECT_ROOT
from tests.unit.policies.fixtures import FOLDER, KINDS, Case, cases_of

RULES = all_rules()
CASES = [
    (rule, case)
    for rule in RULES
    for case in (cases_of(rule.id) if (FOLDER / f"{rule.id}.yaml").exists() else [])
]
each_rule = pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])


@pytest.mark.parametrize(("rule", "case"), CASES, ids=[str(case) for _, case in CASES])
def test_rule_answers_its_fixtures(rule: Rule, case: Case) -> None:
    """Each case of the rule's fixture gets the answer that it expects."""
    verdicts = case.verdicts(rule)
    shown = [(each.resource.name, each.findings, each.open) for each in verdicts]
    assert case.answer(rule) is case.expected, shown
    assert "the rule itself failed" not in str(shown)


@each_rule
def test_fixture_has_every_kind_of_case(rule: Rule) -> None:
    """Allowed, disallowed, missing, unknown, wrong type: what is broken fails, what is unknown is open."""
    expected = {kind: {case.expected for case in cases_of(rule.id) if case.kind == kind} for kind in KINDS}
    assert all(expected.values()), (
        f"no case of kind {[kind for kind, found in expected.items() if not found]}"
    )
    assert expected["allowed"] == {Outcome.PASS}
    assert expected["disallowed"] == {Outcome.FAIL}
    assert expected["unknown"] == {Outcome.NOT_EVALUATED}
    assert expected["wrong type"] == {Outcome.FAIL}


def test_fixtures_belong_to_rules() -> None:
    """No fixture of a rule that is gone."""
    assert {file.stem for file in FOLDER.glob("*.yaml")} <= {rule.id for rule in RULES}


@each_rule
def test_metadata_is_complete(rule: Rule) -> None:
    """Sentences for people, ids for auditors."""
    assert re.fullmatch(r"[A-Z0-9]+-\d{2}", rule.id)
    for sentence in (rule.title, rule.why, rule.remediation):
        assert sentence.endswith("."), sentence
        assert len(sentence) < 300
    assert rule.frameworks
    assert all(rule.frameworks.values())
    assert rule.types


@cache
def _framework_ids(framework: Framework) -> frozenset[str]:
    file = PROJECT_ROOT / "policies" / "frameworks" / f"{framework.name.lower()}.yaml"
    return frozenset(yaml.safe_load(file.read_text(encoding="utf-8"))["controls"])


@each_rule
def test_framework_ids_exist(rule: Rule) -> None:
    """Every mapped control is in the framework's list, under its exact id."""
    strangers = {
        framework: sorted(set(ids) - _framework_ids(framework)) for framework, ids in rule.frameworks.items()
    }
    assert not {framework: ids for framework, ids in strangers.items() if ids}


def test_one_file_per_rule() -> None:
    """A rule's file begins with its id: `s3_01_…` is S3-01."""
    for info in pkgutil.walk_packages(policies.rules.__path__, f"{policies.rules.__name__}."):
        name = info.name.rpartition(".")[2]
        if info.ispkg or name.startswith("_"):
            continue
        rule = importlib.import_module(info.name).RULE
        assert name.startswith(rule.id.lower().replace("-", "_") + "_"), info.name
