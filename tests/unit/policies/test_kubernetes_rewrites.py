"""Rewriting pods and namespaces so that they keep a rule, with all else left alone."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from policies.core.catalog import all_rules
from policies.core.evaluation import Outcome, judge
from policies.core.resources import Resource
from policies.core.rule import Context, Rule
from policies.core.settings import PackSettings
from policies.core.values import UNKNOWN
from policies.core.waivers import Waivers

FACTS = Context(environment="prod", settings=PackSettings())
RULES = {rule.id: rule for rule in all_rules()}
MENDED: list[tuple[str, dict[str, Any]]] = [
    ("K8S-02", {"hostPID": True, "hostNetwork": True, "containers": [{"name": "a"}]}),
    ("K8S-03", {"containers": [{"name": "a"}], "initContainers": [{"name": "b", "securityContext": {}}]}),
    ("K8S-04", {"containers": [{"name": "a", "securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}}]}),
    (
        "K8S-05",
        {
            "containers": [
                {
                    "name": "a",
                    "securityContext": {
                        "readOnlyRootFilesystem": True,
                        "seccompProfile": {"type": "Unconfined"},
                    },
                }
            ]
        },
    ),
    ("K8S-07", {"serviceAccountName": "a", "containers": [{"name": "a"}]}),
]


def _outcome(rule: Rule, type_: str, properties: dict[str, Any]) -> Outcome:
    resource = Resource(urn="urn:pulumi:prod::p::t::n", type=type_, name="n", properties=properties)
    return judge(rule, resource, FACTS, Waivers()).outcome


def _rewritten(rule: Rule, properties: dict[str, Any], facts: Context = FACTS) -> dict[str, Any]:
    assert rule.rewrite
    before = deepcopy(properties)
    changed = rule.rewrite(properties, facts)
    assert properties == before, "the given properties are not changed"
    return changed


@pytest.mark.parametrize(("rule_id", "pod"), MENDED, ids=[rule_id for rule_id, _ in MENDED])
def test_rewritten_pod_keeps_the_rule(rule_id: str, pod: dict[str, Any]) -> None:
    """In a custom resource too, and with all else left alone."""
    rule, kind = RULES[rule_id], "kubernetes:ray.io/v1:RayCluster"
    metadata = {"name": "pool", "namespace": "tenant-vision"}
    cluster = {
        "metadata": metadata,
        "spec": {"rayVersion": UNKNOWN, "workerGroupSpecs": [{"replicas": 2, "template": {"spec": pod}}]},
    }
    assert _outcome(rule, kind, cluster) is Outcome.FAIL
    changed = _rewritten(rule, cluster)
    assert _outcome(rule, kind, changed) is Outcome.PASS
    assert changed["metadata"] == metadata
    assert changed["spec"]["rayVersion"] is UNKNOWN
    assert changed["spec"]["workerGroupSpecs"][0]["replicas"] == 2


def test_allowed_capability_survives() -> None:
    """What the settings allow is not taken away."""
    security = {"capabilities": {"add": ["SYS_NICE", "SYS_ADMIN"]}}
    pod = {"spec": {"containers": [{"name": "a", "securityContext": security}]}}
    facts = replace(FACTS, settings=PackSettings(capabilities=("SYS_NICE",)))
    changed = _rewritten(RULES["K8S-04"], pod, facts)["spec"]["containers"][0]["securityContext"]
    assert changed == {"capabilities": {"drop": ["ALL"], "add": ["SYS_NICE"]}}


@pytest.mark.parametrize(
    ("labels", "standard"),
    [({}, "baseline"), ({"groundplan.dev/tenant": "vision"}, "restricted")],
)
def test_rewritten_namespace_enforces_its_standard(labels: dict[str, str], standard: str) -> None:
    """Tenants get the strictest."""
    namespace = {"metadata": {"name": "n", "labels": labels}}
    changed = _rewritten(RULES["K8S-14"], namespace)
    assert changed["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == standard
    assert _outcome(RULES["K8S-14"], "kubernetes:core/v1:Namespace", changed) is Outcome.PASS


def test_every_rewriting_rule_of_kubernetes_is_tested_here() -> None:
    """A new one needs a line above."""
    rewriting = {rule.id for rule in RULES.values() if rule.rewrite and rule.id.startswith("K8S-")}
    assert rewriting == {rule_id for rule_id, _ in MENDED} | {"K8S-14"}
