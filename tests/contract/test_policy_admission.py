"""The admission policies of the cluster are those that the rules ask for."""

from __future__ import annotations

import pytest
import yaml

from infra.kubernetes.admission import generated_manifests
from policies.admission import FILE, admission_file, policy_name
from policies.core.catalog import all_rules
from policies.core.rule import Rule

RULES = all_rules()


def test_generated_file_is_current() -> None:
    """It is what the rules say today (else: `make reference`)."""
    assert FILE.read_text(encoding="utf-8") == admission_file()


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.cel or rule.cel_pod], ids=lambda rule: rule.id
)
def test_rule_is_in_force_for_tenants(rule: Rule) -> None:
    """A policy that fails closed, and a binding that denies."""
    policy, binding = (
        each for each in generated_manifests() if each["metadata"]["name"] == policy_name(rule)
    )
    assert policy["spec"]["failurePolicy"] == "Fail"
    assert binding["spec"]["policyName"] == policy_name(rule)
    assert "Deny" in binding["spec"]["validationActions"]
    assert any(rule.id in str(each) for each in policy["spec"]["validations"])


def test_rules_about_every_container_are_asked_of_the_api_server() -> None:
    """A rule over all Kubernetes objects judges pods: without an expression, people walk around it."""
    about_pods = [rule for rule in RULES if rule.id.startswith("K8S-") and "kubernetes:*" in rule.types]
    assert about_pods
    assert not [rule.id for rule in about_pods if not (rule.cel or rule.cel_pod)]


def test_file_says_that_it_is_generated() -> None:
    """By its first line, with the command."""
    assert "python -m policies.admission" in FILE.read_text(encoding="utf-8").splitlines()[0]
    assert len(list(yaml.safe_load_all(FILE.read_text(encoding="utf-8")))) % 2 == 0
