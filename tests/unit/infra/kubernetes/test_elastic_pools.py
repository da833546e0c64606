"""Tests of Karpenter on the cluster and of the pools that it fills."""

from __future__ import annotations

import re
from typing import Any

import pytest

from infra.kubernetes.karpenter import generated_definitions
from tests.unit.infra.recording import dev_estate, prod_estate

POOL = "kubernetes:karpenter.sh/v1:NodePool"
CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


def _pool(name: str) -> dict[str, Any]:
    return prod_estate().one(POOL, name).inputs["spec"]


def _node(name: str) -> dict[str, Any]:
    return _pool(name)["template"]["spec"]


def _class(name: str) -> dict[str, Any]:
    return prod_estate().one(CLASS, f"{name}-nodes").inputs["spec"]


def _pod() -> dict[str, Any]:
    return prod_estate().one(DEPLOYMENT, "karpenter").inputs["spec"]["template"]["spec"]


def test_nothing_of_it_is_there_without_elastic_pools() -> None:
    """Not even its kinds."""
    assert not dev_estate().of("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition")


def test_kinds_come_from_the_pinned_module() -> None:
    """All that Karpenter watches, with the validations of their fields."""
    kinds = {each["spec"]["names"]["kind"] for each in generated_definitions()}
    assert kinds == {"EC2NodeClass", "NodeClaim", "NodeOverlay", "NodePool"}
    registered = prod_estate().of("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition")
    assert {each.inputs["spec"]["names"]["kind"] for each in registered} == kinds
    assert "x-kubernetes-validations" in str(registered[0].inputs)


def test_pools_are_bounded() -> None:
    """8 nodes of at most 48 virtual CPUs, 384 GiB and 4 GPUs; 20 of 8 and 32, without any."""
    assert _pool("evaluation")["limits"] == {
        "nodes": "8",
        "cpu": "384",
        "memory": "3072Gi",
        "nvidia.com/gpu": "32",
    }
    assert _pool("cpu")["limits"] == {
        "nodes": "20",
        "cpu": "160",
        "memory": "640Gi",
        "nvidia.com/gpu": "0",
    }


def test_spot_falls_back_to_other_types_and_to_on_demand() -> None:
    """Each of the types will do; Karpenter prefers spot where both are allowed."""
    requirements = {each["key"]: each["values"] for each in _node("evaluation")["requirements"]}
    assert requirements["node.kubernetes.io/instance-type"] == ["g6e.12xlarge", "g6.12xlarge", "g5.12xlarge"]
    assert requirements["karpenter.sh/capacity-type"] == ["spot", "on-demand"]
    assert len(requirements["topology.kubernetes.io/zone"]) == 3


def test_gpu_nodes_are_fenced_and_all_are_labelled() -> None:
    """As those of managed pools: pods choose by the label, and only who tolerates GPUs gets onto them."""
    assert _node("evaluation")["taints"] == [
        {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
    ]
    assert "taints" not in _node("cpu")
    for name in ("cpu", "evaluation"):
        assert _pool(name)["template"]["metadata"]["labels"] == {"groundplan.dev/pool": name}


def test_nodes_are_disturbed_outside_of_working_hours_only() -> None:
    """A tenth at a time; during working hours none that has pods; an empty one at any time."""
    budgets = _pool("cpu")["disruption"]["budgets"]
    assert {"nodes": "100%", "reasons": ["Empty"]} in budgets
    assert {"nodes": "10%", "reasons": ["Drifted", "Underutilized"]} in budgets
    assert {
        "nodes": "0",
        "reasons": ["Drifted", "Underutilized"],
        "schedule": "0 6 * * mon-fri",
        "duration": "12h",
    } in budgets
    assert _pool("cpu")["disruption"]["consolidationPolicy"] == "WhenEmptyOrUnderutilized"
    assert (_node("cpu")["expireAfter"], _node("cpu")["terminationGracePeriod"]) == ("336h", "1h")


def test_what_a_node_is_is_named_not_searched_for() -> None:
    """Ids of subnets and group, a profile that is there, one release of the operating system."""
    nodes = _class("cpu")
    assert all(set(term) == {"id"} for term in nodes["subnetSelectorTerms"])
    assert len(nodes["subnetSelectorTerms"]) == 3
    assert nodes["securityGroupSelectorTerms"] == [{"id": "groundplan-prod-nodes"}]
    assert nodes["instanceProfile"] == "groundplan-prod-elastic-node"
    assert nodes["kubelet"] == {"maxPods": 110}
    [image] = nodes["amiSelectorTerms"]
    assert re.fullmatch(r"bottlerocket@v\d+\.\d+\.\d+", image["alias"])


def test_nodes_are_as_safe_as_managed_ones() -> None:
    """Metadata by token and not for pods; volumes encrypted with our key; our tags on all of it."""
    nodes = _class("evaluation")
    assert nodes["metadataOptions"]["httpTokens"] == "required"
    assert nodes["metadataOptions"]["httpPutResponseHopLimit"] == 1
    for mapping in nodes["blockDeviceMappings"]:
        assert mapping["ebs"]["encrypted"] is True
        assert mapping["ebs"]["kmsKeyID"] == "arn:of:aws:kms/key:Key:groundplan-prod-volumes"
    assert {"Project", "Environment", "Owner", "CostCenter"} <= set(nodes["tags"])


def test_karpenter_does_not_run_on_its_own_nodes() -> None:
    """It prefers the system pool, and may fall back to any other managed one."""
    affinity = _pod()["affinity"]["nodeAffinity"]
    [term] = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": "karpenter.sh/nodepool", "operator": "DoesNotExist"}]
    [preferred] = affinity["preferredDuringSchedulingIgnoredDuringExecution"]
    assert preferred["preference"]["matchExpressions"][0]["values"] == ["system"]
    assert {each["key"] for each in _pod()["tolerations"]} == {"CriticalAddonsOnly", "nvidia.com/gpu"}


def test_karpenter_replaces_sick_nodes_and_leaves_reservations_alone() -> None:
    """Its switches; the queue that it hears of interruptions by."""
    [container] = _pod()["containers"]
    variables = {each["name"]: each.get("value") for each in container["env"]}
    gates = dict(gate.split("=") for gate in variables["FEATURE_GATES"].split(","))
    assert (gates["NodeRepair"], gates["ReservedCapacity"]) == ("true", "false")
    assert variables["INTERRUPTION_QUEUE"] == "groundplan-prod-karpenter"
    assert variables["CLUSTER_NAME"] == "groundplan-prod"
    assert re.fullmatch(
        r"public\.ecr\.aws/karpenter/controller:[\d.]+@sha256:[0-9a-f]{64}", container["image"]
    )


def test_pools_go_before_karpenter_does() -> None:
    """Or nobody would end their nodes: what holds them depends on it, and the pool on their class."""
    estate = prod_estate()
    pool, nodes = estate.one(POOL, "cpu"), estate.one(CLASS, "cpu-nodes")
    assert nodes.urn in pool.dependencies
    whole = estate.one("groundplan:kubernetes:ElasticPool", "elastic-cpu")
    assert estate.one(DEPLOYMENT, "karpenter").urn in whole.dependencies
    assert pool.parent == nodes.parent == whole.urn


@pytest.mark.parametrize("service", ["ingest", "training"])
def test_ingest_runs_where_its_settings_say(service: str) -> None:
    """Work without GPUs goes to nodes without GPUs; the rest stays with the tenant's pool."""
    template = prod_estate().one("kubernetes:batch/v1:CronJob", f"quality-{service}").inputs
    pod = template["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {
        "groundplan.dev/pool": {"ingest": "cpu", "training": "evaluation"}[service]
    }


def test_its_metrics_are_collected() -> None:
    """It says so, tells them on the one port that is open, and lets the collector in there."""
    template = prod_estate().one(DEPLOYMENT, "karpenter").inputs["spec"]["template"]
    assert template["metadata"]["annotations"] == {"prometheus.io/scrape": "true"}
    [container] = template["spec"]["containers"]
    assert {"name": "METRICS_PORT", "value": "8002"} in container["env"]
    assert {"name": "http-metrics", "containerPort": 8002, "protocol": "TCP"} in container["ports"]
    policies = prod_estate().of("kubernetes:networking.k8s.io/v1:NetworkPolicy")
    [policy] = [each.inputs["spec"] for each in policies if each.name == "karpenter-allow-metrics"]
    [rule] = policy["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 8002}]
    assert len(rule["from"]) == 3
