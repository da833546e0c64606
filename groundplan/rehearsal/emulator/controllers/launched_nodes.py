"""Instances that Karpenter launched appear as nodes: a simulated one each, which runs no pods.

A node says what its user data told the kubelet: labels and taints. It is ready as long as its instance runs.
"""

from __future__ import annotations

import base64
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

from kubernetes.client import ApiClient, CoordinationV1Api, CoreV1Api
from kubernetes.client.exceptions import ApiException
from moto.ec2.models.instance_types import INSTANCE_TYPES

from groundplan.rehearsal.emulator.controllers.loop import MERGE_PATCH, Controller
from groundplan.rehearsal.emulator.controllers.nodes import GPU
from groundplan.rehearsal.emulator.eks.account import Account, gpu_count
from groundplan.rehearsal.emulator.eks.store import EksStore

INSTANCE_LABEL = "node.groundplan.dev/instance"
"""On simulated nodes: the instance that they stand for."""
CLUSTER_TAG, POOL_TAG = "eks:eks-cluster-name", "karpenter.sh/nodepool"
_LEASES = "kube-node-lease"
_LEASE_S = 40
"""What kubelets ask for."""
_FOUND, _NOT_FOUND = 409, 404
_KIB_OF_PODS_OWN = 0.9
"""Share of the memory that pods may have."""

Json = dict[str, Any]


class LaunchedNodeController(Controller):
    """Keeps a node for each running instance with Karpenter's tags, and none for those that are gone.

    Args:
        client: connection to the API server.
        store: the clusters, and who may join them.
    """

    name: ClassVar[str] = "launched-nodes"

    def __init__(self, client: ApiClient, store: EksStore) -> None:
        super().__init__(client)
        self._store = store
        self._core = CoreV1Api(client)
        self._coordination = CoordinationV1Api(client)
        self._ever = False  # without any instance, the API server is left alone

    def reconcile(self) -> None:
        """Create nodes, keep them ready, delete those whose instances ended."""
        instances = {instance.id: instance for instance in self._instances()}
        if not instances and not self._ever:
            return
        self._ever = True
        listed = self.as_json(self._core.list_node(label_selector=INSTANCE_LABEL))["items"]
        nodes = {node["metadata"]["labels"][INSTANCE_LABEL]: node["metadata"]["name"] for node in listed}
        for gone in nodes.keys() - instances.keys():
            self._delete(nodes[gone])
        for instance_id, instance in instances.items():
            if instance_id not in nodes:
                self._create(instance)
            self._renew(_node_name(instance))

    def _instances(self) -> Iterator[Any]:
        ec2 = Account(self._store.account_id, self._store.region).ec2
        with self._store.lock:
            open_to_nodes = {
                name
                for name, cluster in self._store.clusters.items()
                if any(entry["type"] == "EC2_LINUX" for entry in cluster.access_entries.values())
            }
        for instance in ec2.all_running_instances():
            tags = {tag["key"]: tag["value"] for tag in instance.get_tags()}
            if POOL_TAG in tags and tags.get(CLUSTER_TAG) in open_to_nodes:
                yield instance

    def _create(self, instance: Any) -> None:
        kubelet = _told_to_kubelet(instance)
        name, zone, kind = _node_name(instance), instance.placement.zone, instance.instance_type
        node: Any = {
            "metadata": {
                "name": name,
                "labels": {
                    **{key: str(value) for key, value in kubelet.get("node-labels", {}).items()},
                    INSTANCE_LABEL: instance.id,
                    "kubernetes.io/arch": "amd64",
                    "kubernetes.io/hostname": name,
                    "kubernetes.io/os": "linux",
                    "node.kubernetes.io/instance-type": kind,
                    "topology.kubernetes.io/region": self._store.region,
                    "topology.kubernetes.io/zone": zone,
                },
            },
            "spec": {"providerID": f"aws:///{zone}/{instance.id}", "taints": list(_taints(kubelet))},
        }
        try:
            self._core.create_node(node)
        except ApiException as error:
            if error.status != _FOUND:
                raise
        self._core.patch_node_status(name, {"status": _status(kind)}, _content_type=MERGE_PATCH)

    def _renew(self, name: str) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {"holderIdentity": name, "leaseDurationSeconds": _LEASE_S, "renewTime": now}
        lease: Any = {"metadata": {"name": name, "namespace": _LEASES}, "spec": spec}
        try:
            self._coordination.patch_namespaced_lease(
                name, _LEASES, {"spec": spec}, _content_type=MERGE_PATCH
            )
        except ApiException as error:
            if error.status != _NOT_FOUND:
                raise
            self._coordination.create_namespaced_lease(_LEASES, lease)

    def _delete(self, name: str) -> None:
        """As the cloud's own controller does when an instance is gone."""
        try:
            self._core.delete_node(name)
        except ApiException as error:
            if error.status != _NOT_FOUND:
                raise


def _node_name(instance: Any) -> str:
    return str(instance.private_dns_name)


def _told_to_kubelet(instance: Any) -> Json:
    """Bottlerocket's settings of Kubernetes, out of the user data."""
    text = base64.b64decode(str(instance.user_data or "")).decode()
    return tomllib.loads(text).get("settings", {}).get("kubernetes", {})


def _taints(kubelet: Json) -> Iterator[Json]:
    """`key = ["value:effect", ...]` in Bottlerocket's settings."""
    for key, items in kubelet.get("node-taints", {}).items():
        for item in [items] if isinstance(items, str) else items:
            value, _, effect = item.rpartition(":")
            yield {"key": key, "effect": effect, **({"value": value} if value else {})}


def _status(instance_type: str) -> Json:
    facts = INSTANCE_TYPES[instance_type]
    memory_kib = int(facts["MemoryInfo"]["SizeInMiB"] * 1024 * _KIB_OF_PODS_OWN)
    gpus = gpu_count(instance_type)
    amounts = {
        "cpu": str(facts["VCpuInfo"]["DefaultVCpus"]),
        "memory": f"{memory_kib}Ki",
        "pods": "110",
        "ephemeral-storage": "90Gi",
        **({GPU: str(gpus)} if gpus else {}),
    }
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    states = {"Ready": "True", "MemoryPressure": "False", "DiskPressure": "False", "PIDPressure": "False"}
    return {
        "capacity": amounts,
        "allocatable": amounts,
        "conditions": [
            {
                "type": kind,
                "status": status,
                "reason": "InstanceRuns",
                "message": "simulated",
                "lastHeartbeatTime": now,
                "lastTransitionTime": now,
            }
            for kind, status in states.items()
        ],
    }
