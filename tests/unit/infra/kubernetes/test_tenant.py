"""Tests of a tenant's namespace: standards, quota, isolation."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pytest

from infra.planning.subnets import plan_subnets
from tests.unit.infra.recording import dev_estate

POLICIES = {
    policy.inputs["metadata"]["name"]: policy.inputs["spec"]
    for policy in dev_estate().of("kubernetes:networking.k8s.io/v1:NetworkPolicy")
}
ISOLATED = [
    {"ipBlock": {"cidr": str(subnet.address_range)}}
    for subnet in plan_subnets(IPv4Network("10.40.0.0/16"), ("a", "b", "c")).isolated
]
OF_THE_CLUSTER = (
    "ClusterRole",
    "ClusterRoleBinding",
    "Namespace",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
)
NAMESPACED = [
    resource
    for resource in sorted(dev_estate().resources, key=lambda each: each.urn)
    if resource.type.startswith("kubernetes:") and resource.type.rpartition(":")[2] not in OF_THE_CLUSTER
]


def test_pods_are_restricted() -> None:
    """The strictest standard is enforced, in the meaning of the cluster's version."""
    metadata = dev_estate().one("kubernetes:core/v1:Namespace").inputs["metadata"]
    assert metadata["name"] == "tenant-vision"
    for mode in ("enforce", "audit", "warn"):
        assert metadata["labels"][f"pod-security.kubernetes.io/{mode}"] == "restricted"
        assert metadata["labels"][f"pod-security.kubernetes.io/{mode}-version"] == "v1.35"


@pytest.mark.parametrize("resource", NAMESPACED, ids=lambda resource: f"{resource.type}-{resource.name}")
def test_everything_of_a_tenant_is_in_its_namespace(resource: Any) -> None:
    """Nothing lands in the default namespace, and everything carries the tenant's label."""
    assert resource.inputs["metadata"]["namespace"] == "tenant-vision"
    assert resource.inputs["metadata"]["labels"]["groundplan.dev/tenant"] == "vision"


def test_the_quota_is_the_one_in_the_settings() -> None:
    """GPUs, CPUs, memory; one load balancer; no volumes."""
    hard = dev_estate().one("kubernetes:core/v1:ResourceQuota").inputs["spec"]["hard"]
    assert hard["requests.nvidia.com/gpu"] == "24"
    assert hard["requests.cpu"] == "128"
    assert hard["requests.memory"] == hard["limits.memory"] == "512Gi"
    assert hard["services.loadbalancers"] == "1"
    assert hard["persistentvolumeclaims"] == hard["requests.storage"] == "0"


def test_containers_that_ask_for_nothing_get_little() -> None:
    """Without defaults the quota would refuse every container that names no requests."""
    (limit,) = dev_estate().one("kubernetes:core/v1:LimitRange").inputs["spec"]["limits"]
    assert limit == {
        "type": "Container",
        "defaultRequest": {"cpu": "100m", "memory": "256Mi"},
        "default": {"cpu": "1", "memory": "256Mi"},
    }


def test_service_accounts_carry_no_token() -> None:
    """One for each workload; the Kubernetes API is none of their business."""
    accounts = dev_estate().of("kubernetes:core/v1:ServiceAccount")
    assert {account.inputs["metadata"]["name"] for account in accounts} == {"ingest", "training", "inference"}
    assert not any(account.inputs["automountServiceAccountToken"] for account in accounts)


def test_nothing_is_allowed_by_default() -> None:
    """The default-deny policy is about all pods, both ways, without a single rule."""
    assert POLICIES["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_pods_of_other_tenants_and_node_credentials_are_out_of_reach() -> None:
    """The one wide egress rule leaves out every pod range and the instance metadata service."""
    everywhere, *_ = POLICIES["allow-aws"]["egress"]
    ((block,), ports) = everywhere["to"], everywhere["ports"]
    assert block["ipBlock"] == {
        "cidr": "0.0.0.0/0",
        "except": ["10.40.0.0/16", "100.64.0.0/10", "169.254.169.254/32"],
    }
    assert ports == [{"protocol": "TCP", "port": 443}]


def test_services_with_an_endpoint_are_reached_in_the_vpc() -> None:
    """Their public names lead into the isolated subnets, where no pod is: these are let in again."""
    _, endpoints, _ = POLICIES["allow-aws"]["egress"]
    assert endpoints == {"to": ISOLATED, "ports": [{"protocol": "TCP", "port": 443}]}


def test_the_cache_is_reached_by_who_may_connect_to_it() -> None:
    """Ingest and inference have the right to: see `test_workloads_connect_as_their_own_tenant`."""
    policy = POLICIES["allow-cache"]
    assert policy["podSelector"] == {
        "matchExpressions": [
            {"key": "groundplan.dev/workload", "operator": "In", "values": ["ingest", "inference"]}
        ]
    }
    assert policy["egress"] == [{"to": ISOLATED, "ports": [{"protocol": "TCP", "port": 6379}]}]


def test_credentials_come_from_the_agent_alone() -> None:
    """Plain HTTP goes to the pod identity agent of the node, and to nobody else."""
    *_, agent = POLICIES["allow-aws"]["egress"]
    assert agent == {
        "to": [{"ipBlock": {"cidr": "169.254.170.23/32"}}],
        "ports": [{"protocol": "TCP", "port": 80}],
    }


def test_brokers_are_reached_on_the_port_for_iam() -> None:
    """They lie in the isolated subnets, where no pod is."""
    (rule,) = POLICIES["allow-streaming"]["egress"]
    assert rule["to"] == ISOLATED
    assert rule["ports"] == [{"protocol": "TCP", "port": 9098}]


def test_every_way_out_names_its_ports() -> None:
    """No egress rule but the one between training pods is open to any port."""
    for name, policy in POLICIES.items():
        for rule in policy.get("egress", []):
            assert rule.get("ports") or name == "allow-training-peers", name


def test_only_training_pods_reach_training_pods() -> None:
    """Both ways, and nobody else."""
    training = {"podSelector": {"matchLabels": {"groundplan.dev/workload": "training"}}}
    policy = POLICIES["allow-training-peers"]
    assert policy["ingress"] == [{"from": [training]}]
    assert policy["egress"] == [{"to": [training]}]
    assert policy["podSelector"] == training["podSelector"]


def test_callers_reach_the_model_server_on_its_two_ports() -> None:
    """From the VPC, where the load balancer is, and from the ranges in the settings; not the metrics port."""
    (rule,) = POLICIES["allow-inference-callers"]["ingress"]
    assert [peer["ipBlock"]["cidr"] for peer in rule["from"]] == ["10.40.0.0/16", "10.0.0.0/8"]
    assert [port["port"] for port in rule["ports"]] == [8000, 8001]


def test_dns_is_allowed_by_both_protocols() -> None:
    """Long answers come over TCP."""
    (rule,) = POLICIES["allow-dns"]["egress"]
    assert [(port["protocol"], port["port"]) for port in rule["ports"]] == [("UDP", 53), ("TCP", 53)]
    assert "to" not in rule


def test_the_cluster_is_logged_in_to_with_fresh_tokens() -> None:
    """The kubeconfig holds no credential, only the command that gets one."""
    kubeconfig = dev_estate().one("pulumi:providers:kubernetes").inputs["kubeconfig"]
    assert '"command": "aws"' in kubeconfig
    assert "eks" in kubeconfig
    assert "token:" not in kubeconfig
    assert "client-key" not in kubeconfig


def test_metrics_are_for_the_collector_alone() -> None:
    """Of model servers, on their port; it stands in the isolated subnets, where no pod is."""
    policy = POLICIES["allow-metrics"]
    assert policy["podSelector"] == {"matchLabels": {"groundplan.dev/workload": "inference"}}
    assert policy["policyTypes"] == ["Ingress"]
    assert policy["ingress"] == [{"from": ISOLATED, "ports": [{"protocol": "TCP", "port": 8002}]}]
