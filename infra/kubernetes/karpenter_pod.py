"""The pod of Karpenter's controller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi import Input

from infra.conventions import GPU_RESOURCE, METRICS_PORT, POOL_LABEL, SYSTEM_POOL, SYSTEM_TAINT
from infra.kubernetes.pods import ENDPOINT_CONFIG_MAP, NONROOT_USER, from_field, values

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import (
        ContainerArgsDict,
        EnvVarArgsDict,
        NodeAffinityArgsDict,
        PodSpecArgsDict,
        ProbeArgsDict,
        ResourceFieldSelectorArgsDict,
    )

VERSION = "1.13.0"
IMAGE = (
    f"public.ecr.aws/karpenter/controller:{VERSION}"
    "@sha256:ea731b0cd813add8b2947a76bfe861c38069d85922b01d0c1647d1466279b7fe"
)
"""Version and digest: `charts/karpenter/values.yaml` of aws/karpenter-provider-aws at its tag v1.14.1."""
REPLICAS = 2
"""One works, the other one takes over."""
_HEALTH_PORT = 8081
COLLECTED = {"prometheus.io/scrape": "true"}
"""The annotation of pods whose metrics are collected: infra/aws/scrape_configuration.yaml asks for it."""
_FEATURE_GATES = {
    # Sick nodes are replaced: what the node monitoring agent reports of GPUs, disks, network and kernel.
    "NodeRepair": True,
    "NodeOverlay": False,
    # What is reserved is launched by managed node groups.
    "ReservedCapacity": False,
    "SpotToSpotConsolidation": False,
    "StaticCapacity": False,
}


_ON_NODES_OF_OTHERS: NodeAffinityArgsDict = {
    # It must not take the node from under itself.
    "required_during_scheduling_ignored_during_execution": {
        "node_selector_terms": [
            {"match_expressions": [{"key": "karpenter.sh/nodepool", "operator": "DoesNotExist"}]}
        ]
    },
    # Where the system pool is full or gone, any other managed node will do: without it no pool grows.
    "preferred_during_scheduling_ignored_during_execution": [
        {
            "weight": 100,
            "preference": {
                "match_expressions": [{"key": POOL_LABEL, "operator": "In", "values": [SYSTEM_POOL]}]
            },
        }
    ],
}


def pod_labels() -> dict[str, str]:
    """What only its pods have."""
    return {"app.kubernetes.io/component": "controller"}


def pod_spec(
    *,
    service_account: Input[str],
    region: str,
    cluster: Input[str],
    cluster_endpoint: Input[str],
    queue: Input[str],
) -> PodSpecArgsDict:
    """On the system pool, the two apart; it holds a token for the API server, for that is what it works with.

    Args:
        service_account: whose rights it has, in the cluster and in the account.
        region: AWS region.
        cluster: name of the cluster.
        cluster_endpoint: address of the API server, for nodes.
        queue: name of the queue of interruptions.
    """
    environment = {
        "AWS_REGION": region,
        "CLUSTER_NAME": cluster,
        "CLUSTER_ENDPOINT": cluster_endpoint,
        "INTERRUPTION_QUEUE": queue,
        "FEATURE_GATES": ",".join(f"{name}={str(on).lower()}" for name, on in _FEATURE_GATES.items()),
        "METRICS_PORT": str(METRICS_PORT),
        "HEALTH_PROBE_PORT": str(_HEALTH_PORT),
        "LOG_LEVEL": "info",
    }
    return {
        "service_account_name": service_account,
        "automount_service_account_token": True,
        "enable_service_links": False,
        "priority_class_name": "system-cluster-critical",
        "affinity": {"node_affinity": _ON_NODES_OF_OTHERS},
        "tolerations": [{"key": key, "operator": "Exists"} for key in (SYSTEM_TAINT, GPU_RESOURCE)],
        "topology_spread_constraints": [
            {
                "max_skew": 1,
                "topology_key": "kubernetes.io/hostname",
                "when_unsatisfiable": "ScheduleAnyway",
                "label_selector": {"match_labels": pod_labels()},
            }
        ],
        "security_context": {
            "run_as_non_root": True,
            "run_as_user": NONROOT_USER,
            "run_as_group": NONROOT_USER,
            "seccomp_profile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(environment)],
    }


def _container(environment: dict[str, Input[str]]) -> ContainerArgsDict:
    return {
        "name": "controller",
        "image": IMAGE,
        "env": [
            *values(environment),
            from_field("SYSTEM_NAMESPACE", "metadata.namespace"),
            _own_amount("CPU_REQUESTS", "requests.cpu", divisor="1m"),
            # Go's runtime keeps below it, instead of being killed above it.
            _own_amount("MEMORY_LIMIT", "limits.memory", divisor="1"),
        ],
        "env_from": [{"config_map_ref": {"name": ENDPOINT_CONFIG_MAP, "optional": True}}],
        "ports": [
            {"name": "http-metrics", "container_port": METRICS_PORT, "protocol": "TCP"},
            {"name": "http", "container_port": _HEALTH_PORT, "protocol": "TCP"},
        ],
        "liveness_probe": _probe("/healthz", delay_s=30),
        "readiness_probe": _probe("/readyz", delay_s=5),
        "resources": {
            "requests": {"cpu": "500m", "memory": "1Gi"},
            "limits": {"cpu": "2", "memory": "1Gi"},
        },
        "security_context": {
            "allow_privilege_escalation": False,
            "capabilities": {"drop": ["ALL"]},
            "read_only_root_filesystem": True,
        },
    }


def _own_amount(name: str, resource: str, *, divisor: str) -> EnvVarArgsDict:
    """A variable that holds what the container requests or is limited to."""
    field: ResourceFieldSelectorArgsDict = {
        "container_name": "controller",
        "resource": resource,
        "divisor": divisor,
    }
    return {"name": name, "value_from": {"resource_field_ref": field}}


def _probe(path: str, *, delay_s: int) -> ProbeArgsDict:
    return {
        "http_get": {"path": path, "port": "http"},
        "initial_delay_seconds": delay_s,
        "timeout_seconds": 30,
    }
