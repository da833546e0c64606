"""The admission policies on a real API server: what breaks a rule is refused, what keeps them all is not."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Generator, Iterable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from groundplan.audit.command import judge_source
from groundplan.audit.sources import from_cluster
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import World
from infra.conventions import TENANT_LABEL
from infra.kubernetes.admission import MANIFESTS_FILE
from policies.admission import API_VERSION, policy_name
from policies.core.catalog import all_rules
from policies.core.evaluation import Outcome
from policies.core.rule import Rule
from tests.unit.policies.fixtures import Case, cases_of
from tests.unit.policies.golden import golden

pytestmark = pytest.mark.rehearsal

NAMESPACE = "tenant-admission"
PLAIN = "admission-plain"
BEFORE = "admission-before"
"""A namespace that becomes a tenant's when there are objects in it already."""
RULES = [rule for rule in all_rules() if rule.cel or rule.cel_pod]
ALONE_LABEL = "admission-test/rule"


def _alone(rule: Rule) -> list[dict[str, Any]]:
    """A namespace in which one policy is in force and no other, so that each answers for itself."""
    name = f"admission-{rule.id.lower()}"
    binding = {
        "policyName": policy_name(rule),
        "validationActions": ["Deny"],
        "matchResources": {"namespaceSelector": {"matchLabels": {ALONE_LABEL: rule.id}}},
    }
    return [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": {ALONE_LABEL: rule.id}},
        },
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web", "namespace": name}},
        {
            "apiVersion": API_VERSION,
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": binding,
        },
    ]


PREREQUISITES = [
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": {TENANT_LABEL: "a"}}},
    *({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in (PLAIN, BEFORE)),
    *(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}}
        for name in ("web", "ingest", "training", "inference")
        for namespace in (NAMESPACE, PLAIN)
    ),
    *(manifest for rule in RULES for manifest in _alone(rule)),
    {
        "apiVersion": "node.k8s.io/v1",
        "kind": "RuntimeClass",
        "metadata": {"name": "nvidia"},
        "handler": "nvidia",
    },
]


@dataclass(frozen=True)
class Answers:
    """What the API server said to several objects.

    Args:
        taken: names of those that it took.
        refused: its words about those that some admission refused.
        invalid: names of those that are no objects of their kind: they get no further than that.
    """

    taken: frozenset[str]
    refused: dict[str, str]
    invalid: frozenset[str]


@dataclass(frozen=True)
class Server:
    """The API server, through kubectl."""

    kubectl_program: Path
    kubeconfig: Path

    def kubectl(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run kubectl; a refusal is an answer and no error."""
        argv = [str(self.kubectl_program), "--kubeconfig", str(self.kubeconfig), *arguments]
        return subprocess.run(argv, check=False, capture_output=True, text=True, input=stdin)

    def apply(self, objects: Iterable[dict[str, Any]], *options: str) -> Answers:
        """Apply objects one by one, in one call."""
        text = "\n".join(f"---\n{json.dumps(each)}" for each in objects)
        done = self.kubectl("apply", "-f", "-", *options, stdin=text)
        taken = re.findall(r"^\S+/(\S+) (?:created|configured|unchanged)", done.stdout, re.MULTILINE)
        errors = re.split(r"^(?=Error from server|The \S+ \")", done.stderr, flags=re.MULTILINE)
        named = [(re.search(r'"([a-z0-9.-]+)" (?:is|was)', error), error) for error in errors]
        refused = {name[1]: error for name, error in named if name}
        invalid = frozenset(name for name, error in refused.items() if "is invalid: " in error)
        return Answers(
            taken=frozenset(taken),
            refused={name: error for name, error in refused.items() if name not in invalid},
            invalid=invalid,
        )


@pytest.fixture(scope="module")
def server(control_plane: World, toolbox: Toolbox) -> Generator[Server]:
    """The control plane with our policies, once they are in force; afterwards they are gone again."""
    server = Server(toolbox.obtain("kubectl"), control_plane.admin_kubeconfig)
    server.apply(PREREQUISITES)
    installed = server.kubectl("apply", "-f", str(MANIFESTS_FILE))
    assert installed.returncode == 0, installed.stderr
    probes = [_batch(rule, _violations(rule)[:1])[0] for rule in RULES]
    probes.append(_in_namespace(probes[0], NAMESPACE))
    deadline = time.monotonic() + 60
    while waiting := server.apply(probes, "--dry-run=server").taken:
        assert time.monotonic() < deadline, f"not in force: {waiting}"
    yield server
    server.kubectl("delete", "-f", str(MANIFESTS_FILE))
    gone = [each for each in PREREQUISITES if each["kind"] != "ServiceAccount"]
    text = "\n".join(f"---\n{json.dumps(each)}" for each in gone)
    server.kubectl("delete", "-f", "-", "--wait=false", stdin=text)


def _kinds(rule: Rule) -> list[str]:
    """The kinds of the rule's subjects, those of all pods where it takes any Kubernetes object."""
    if "kubernetes:*" not in rule.types:
        return [token.rpartition(":")[2] for token in rule.types]
    return ["Deployment", "Pod", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"]


def _cases(rule: Rule, outcome: Outcome) -> list[Case]:
    """Cases about pods of a tenant under the pack's own settings; debugging containers are never applied."""
    return [
        case
        for case in cases_of(rule.id)
        if case.expected is outcome
        and case.kind in {"allowed", "disallowed", "missing"}
        and not case.settings
        and _deployment(case)["metadata"].get("namespace") == "tenant-vision"
        and "ephemeralContainers" not in _template(case)["spec"]
    ]


def _violations(rule: Rule) -> list[Case]:
    return _cases(rule, Outcome.FAIL)


def _deployment(case: Case) -> dict[str, Any]:
    (resource,) = case.resources
    return dict(resource.properties)


def _template(case: Case) -> dict[str, Any]:
    return deepcopy(_deployment(case)["spec"]["template"])


def _manifest(case: Case, name: str, kind: str) -> dict[str, Any]:
    """The pod template of a case, in an object of some kind."""
    template = _template(case)
    selector = {"matchLabels": {"app": "web"}}
    template["metadata"]["labels"]["app"] = "web"
    once = {**template, "spec": {**template["spec"], "restartPolicy": "Never"}}
    group, spec = {
        "Pod": ("v1", template["spec"]),
        "Deployment": ("apps/v1", {"replicas": 0, "selector": selector, "template": template}),
        "StatefulSet": ("apps/v1", {"replicas": 0, "selector": selector, "template": template}),
        "ReplicaSet": ("apps/v1", {"replicas": 0, "selector": selector, "template": template}),
        "DaemonSet": ("apps/v1", {"selector": selector, "template": template}),
        "Job": ("batch/v1", {"suspend": True, "template": once}),
        "CronJob": (
            "batch/v1",
            {"suspend": True, "schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": once}}},
        ),
    }[kind]
    metadata = {"name": name, "namespace": f"admission-{case.rule.lower()}"}
    return {"apiVersion": group, "kind": kind, "metadata": metadata, "spec": spec}


def _in_namespace(manifest: dict[str, Any], namespace: str) -> dict[str, Any]:
    return {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}


def _batch(rule: Rule, cases: Iterable[Case]) -> list[dict[str, Any]]:
    return [
        _manifest(case, f"{rule.id}-{case.number}-{kind}".lower(), kind)
        for case in cases
        for kind in _kinds(rule)
    ]


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_every_violation_is_refused_by_name(server: Server, rule: Rule) -> None:
    """Each violating fixture of the rule, as each kind that makes pods: all refused, and by this rule."""
    manifests = _batch(rule, _violations(rule))
    assert manifests
    answers = server.apply(manifests)
    assert not answers.taken
    assert answers.refused
    assert set(answers.refused) | answers.invalid == {each["metadata"]["name"] for each in manifests}
    beginning = f"ValidatingAdmissionPolicy '{policy_name(rule)}'"
    assert {n: words for n, words in answers.refused.items() if beginning not in words} == {}
    assert all(f"{rule.id}: " in words for words in answers.refused.values())


def test_every_violation_is_refused_to_a_tenant(server: Server) -> None:
    """With all policies in force, whichever of them answers first."""
    manifests = [_in_namespace(each, NAMESPACE) for rule in RULES for each in _batch(rule, _violations(rule))]
    answers = server.apply(manifests)
    assert not answers.taken
    assert set(answers.refused) | answers.invalid == {each["metadata"]["name"] for each in manifests}
    assert all("ValidatingAdmissionPolicy 'groundplan-" in words for words in answers.refused.values())


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_what_the_rule_allows_is_admitted(server: Server, rule: Rule) -> None:
    """Each allowed fixture, as each kind: the rule's Python and its CEL are of one opinion."""
    manifests = _batch(rule, _cases(rule, Outcome.PASS))
    assert manifests
    answers = server.apply(manifests, "--dry-run=server")
    assert answers.refused == {}
    assert answers.taken
    assert answers.taken | answers.invalid == {each["metadata"]["name"] for each in manifests}


def test_what_a_rule_found_there_can_be_replaced(server: Server) -> None:
    """It may be scaled, as a roll-out needs; its pods may not be changed to others that break the rule."""
    manifests = [
        _in_namespace(each, BEFORE)
        for rule in RULES
        for each in _batch(rule, _violations(rule)[:1])
        if each["kind"] == "ReplicaSet"
    ]
    taken = server.apply(manifests).taken
    assert len(taken) > len(RULES) / 2
    assert server.kubectl("label", "namespace", BEFORE, f"{TENANT_LABEL}=a").returncode == 0
    deadline = time.monotonic() + 60
    while server.apply([_renamed(manifests[0], "new")], "--dry-run=server").taken:
        assert time.monotonic() < deadline, "not in force"
    for name in taken:
        patch = ["patch", "replicaset", name, "--namespace", BEFORE, "--patch"]
        scaled = server.kubectl(*patch, '{"spec": {"replicas": 0, "minReadySeconds": 7}}')
        assert scaled.returncode == 0, scaled.stderr
        changed = server.kubectl(*patch, '{"spec": {"template": {"spec": {"schedulerName": "another"}}}}')
        assert "ValidatingAdmissionPolicy 'groundplan-" in changed.stderr


def _renamed(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    return {**manifest, "metadata": {**manifest["metadata"], "name": name}}


def _ours() -> list[dict[str, Any]]:
    """What the dev stack's program registers that makes pods, and what those make of it."""
    found = []
    for resource in golden("dev"):
        kind = resource.type.rpartition(":")[2]
        if resource.is_kubernetes and kind in {"Deployment", "CronJob"}:
            manifest = _whole(json.loads(json.dumps(resource.properties)))
            manifest["metadata"]["namespace"] = NAMESPACE
            found.append(manifest)
            if kind == "CronJob":
                name = f"{manifest['metadata']['name']}-run"
                job = {"apiVersion": "batch/v1", "kind": "Job", **deepcopy(manifest["spec"]["jobTemplate"])}
                found.append({**job, "metadata": {"name": name, "namespace": NAMESPACE}})
    return found


def _whole(value: Any) -> Any:
    """Pulumi's numbers are floating; the API server wants whole ones."""
    if isinstance(value, dict):
        return {key: _whole(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def test_our_own_workloads_are_admitted_and_their_pods_too(server: Server) -> None:
    """Nothing that this program registers is refused, nor what controllers make of it."""
    manifests = _ours()
    assert {each["kind"] for each in manifests} == {"Deployment", "CronJob", "Job"}
    answers = server.apply(manifests)
    assert answers.refused == {}
    assert not answers.invalid
    assert len(answers.taken) == len(manifests)
    expected = {each["metadata"]["name"] for each in manifests if each["kind"] != "CronJob"}
    deadline = time.monotonic() + 60
    while True:
        pods = json.loads(server.kubectl("-n", NAMESPACE, "get", "pods", "-o", "json").stdout)["items"]
        present = {name for name in expected for pod in pods if pod["metadata"]["name"].startswith(name)}
        if present == expected:
            break
        assert time.monotonic() < deadline, f"no pods of {expected - present}"


def test_update_into_a_violation_is_refused(server: Server) -> None:
    """What was compliant when it was created does not become anything else."""
    rule = next(rule for rule in RULES if rule.id == "K8S-02")
    manifest = _in_namespace(_manifest(cases_of(rule.id)[0], "updated", "Deployment"), NAMESPACE)
    assert server.apply([manifest]).taken == {"updated"}
    manifest["spec"]["template"]["spec"]["hostPID"] = True
    assert "K8S-02" in server.apply([manifest]).refused["updated"]


def test_debugging_container_is_judged(server: Server) -> None:
    """`kubectl debug` into a running pod brings no image from elsewhere."""
    manifest = _in_namespace(_manifest(cases_of("K8S-02")[0], "debugged", "Pod"), NAMESPACE)
    assert server.apply([manifest]).taken == {"debugged"}
    image = "--image=registry.example/debug"
    refused = server.kubectl("-n", NAMESPACE, "debug", "debugged", image, "--attach=false")
    assert refused.returncode != 0
    assert "ValidatingAdmissionPolicy 'groundplan-" in refused.stderr


def test_other_namespaces_are_left_alone(server: Server) -> None:
    """Policies are about tenants; operators' namespaces are fenced by RBAC."""
    manifest = _in_namespace(_manifest(_violations(RULES[0])[0], "elsewhere", "Deployment"), PLAIN)
    assert server.apply([manifest], "--dry-run=server").taken == {"elsewhere"}


def test_violation_from_before_can_be_deleted(server: Server) -> None:
    """A pod that is older than the policies loses its finalizer, and is gone."""
    manifest = _manifest(_violations(RULES[0])[0], "old", "Pod")
    manifest["metadata"] |= {"namespace": PLAIN, "finalizers": ["example.test/hold"]}
    assert server.apply([manifest]).taken == {"old"}
    server.kubectl("label", "namespace", PLAIN, f"{TENANT_LABEL}=late")
    server.kubectl("-n", PLAIN, "delete", "pod", "old", "--wait=false", "--grace-period=0")
    freed = server.kubectl("-n", PLAIN, "patch", "pod", "old", "-p", '{"metadata":{"finalizers":null}}')
    server.kubectl("label", "namespace", PLAIN, f"{TENANT_LABEL}-")
    assert freed.returncode == 0, freed.stderr


def test_no_expression_was_found_wrong(server: Server) -> None:
    """The API server checks expressions against the schemas of the kinds, and warns of none."""
    found = json.loads(server.kubectl("get", "validatingadmissionpolicies", "-o", "json").stdout)["items"]
    assert {each["metadata"]["name"] for each in found} >= {policy_name(rule) for rule in RULES}
    warnings = {
        each["metadata"]["name"]: each["status"]["typeChecking"]
        for each in found
        if each.get("status", {}).get("typeChecking", {}).get("expressionWarnings")
    }
    assert warnings == {}


def test_audit_of_the_cluster_judges_its_pods(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside of a tenant nothing refuses the pod: the audit finds it. What is no pod counts as no pass."""
    rule = next(rule for rule in RULES if rule.id == "K8S-02")
    pod = _in_namespace(_manifest(_violations(rule)[0], "live", "Pod"), PLAIN)
    assert server.apply([pod]).taken == {"live"}
    monkeypatch.setenv("PATH", f"{server.kubectl_program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig))
    audit = judge_source(from_cluster("dev"))
    server.kubectl("-n", PLAIN, "delete", "pod", "live", "--wait=false", "--grace-period=0")
    found = {
        result.urn: result
        for control in audit.controls
        if control.id == rule.id
        for result in control.results
    }
    [broken] = [urn for urn, result in found.items() if result.outcome is Outcome.FAIL]
    assert broken.endswith(f"::kubernetes:core/v1:Pod::{PLAIN}/live")
    judged = {urn.split("::")[2].rpartition(":")[2] for urn in found}
    assert judged <= {"Pod", "Deployment", "Job", "CronJob"}
    assert audit.resources > len(found) + 20  # namespaces, accounts and roles were asked for as well
