"""What becomes of a rule's expressions."""

from __future__ import annotations

from typing import Any

import pytest

from policies.admission import admission_policies
from policies.core.rule import ALWAYS, Framework, Rule, Severity
from policies.core.settings import PackSettings

SETTINGS = PackSettings(capabilities=("IPC_LOCK",), image_registries=(r"\d{12}[.]ecr/",))


def _rule(*, cel: str | None = None, cel_pod: str | None = None) -> Rule:
    return Rule(
        id="T-01",
        title='Never "so".',
        severity=Severity.LOW,
        why="A test.",
        remediation="None.",
        frameworks={Framework.NIST: ("AC-6",)},
        enforcement=ALWAYS,
        types=("kubernetes:*",),
        check=lambda _resource, _context: iter(()),
        cel=cel,
        cel_pod=cel_pod,
    )


def _spec(**expressions: str) -> dict[str, Any]:
    policy, _ = admission_policies([_rule(**expressions)], SETTINGS)
    return policy["spec"]


def test_rule_without_expression_has_no_policy() -> None:
    """Joins of resources are no question for an API server."""
    assert admission_policies([_rule()], SETTINGS) == []


def test_expression_over_containers_names_the_offenders() -> None:
    """Whoever is refused learns which container it is about."""
    spec = _spec(cel="c.name != 'x'")
    (offenders,) = [each["expression"] for each in spec["variables"] if each["name"] == "offenders"]
    assert "filter(c, !(c.name != 'x'))" in offenders
    (validation,) = spec["validations"]
    assert validation["expression"] == "size(variables.offenders) == 0"
    assert validation["messageExpression"].startswith('"T-01: Never \\"so\\". Containers: " + ')


def test_expression_over_the_pod_is_asked_once() -> None:
    """With the pod under its short name."""
    spec = _spec(cel_pod="!p.hostPID")
    (validation,) = spec["validations"]
    assert validation["expression"] == "[variables.pod].all(p, !p.hostPID)"
    assert [each["name"] for each in spec["variables"]] == ["pod", "containers"]


def test_both_expressions_make_two_validations() -> None:
    """Either of them refuses."""
    assert len(_spec(cel="true", cel_pod="true")["validations"]) == 2


@pytest.mark.parametrize("field", ["cel", "cel_pod"])
def test_only_lists_that_are_named_come_along(field: str) -> None:
    """As texts of CEL, with a pattern's backslashes doubled."""
    spec = _spec(**{field: "c.image in variables.settings.image_registries"})
    assert spec["variables"][0] == {
        "name": "settings",
        "expression": '{"image_registries": ["\\\\d{12}[.]ecr/"]}',
    }


def test_controllers_templates_are_matched_like_pods() -> None:
    """All kinds that make pods, and the way by which a debugging container comes in."""
    matched = {
        resource
        for each in _spec(cel="true")["matchConstraints"]["resourceRules"]
        for resource in each["resources"]
    }
    assert matched == {
        "pods",
        "pods/ephemeralcontainers",
        "deployments",
        "statefulsets",
        "daemonsets",
        "replicasets",
        "jobs",
        "cronjobs",
    }
