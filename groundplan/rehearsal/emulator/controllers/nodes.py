"""The real kubelet's node takes the part of one of the active node group: labels, taints, GPUs, adapters."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

from kubernetes.client import ApiClient, CoreV1Api
from kubernetes.client.exceptions import ApiException

from groundplan.rehearsal.emulator.controllers.adapters import publish
from groundplan.rehearsal.emulator.controllers.loop import MERGE_PATCH, Controller, Lister
from groundplan.rehearsal.emulator.eks.account import Account, gpu_count
from groundplan.rehearsal.emulator.eks.store import EksStore, Record

NO_GROUP_TAINT = {"key": "node.groundplan.dev/no-node-group", "effect": "NoSchedule"}
"""On the node while no node group stands behind it, so that nothing runs without one."""

GPU = "nvidia.com/gpu"
_GIVEN = "node.groundplan.dev/given"
"""Annotation: the labels and taints that this controller gave, so that it can take them back."""

_EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}
_NOT_FOUND = 404

_RESOURCES = ("capacity", "allocatable")

Json = dict[str, Any]
Taint = dict[str, str]


@dataclass(frozen=True)
class Role:
    """What a node of a node group shows.

    Args:
        gpus: number of GPUs; 0 if it has none.
        adapters: number of Elastic Fabric Adapters.
    """

    labels: dict[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = (NO_GROUP_TAINT,)
    gpus: int = 0
    adapters: int = 0


class NodeController(Controller):
    """Keeps labels, taints, GPUs and adapters of the node.

    Args:
        client: connection to the API server.
        store: the node groups.
        node_name: name of the real kubelet's node.
    """

    name: ClassVar[str] = "nodes"

    def __init__(self, client: ApiClient, store: EksStore, node_name: str) -> None:
        super().__init__(client)
        self._store = store
        self._node_name = node_name
        self._core = CoreV1Api(client)
        store.on_change(self.wake)

    def watched(self) -> tuple[tuple[Lister, dict[str, Any]], ...]:
        """The node."""
        return ((self._core.list_node, {"field_selector": f"metadata.name={self._node_name}"}),)

    def reconcile(self) -> None:
        """Give the node its role, if the kubelet has registered it."""
        try:
            node = self.as_json(self._core.read_node(self._node_name))
        except ApiException as error:
            if error.status == _NOT_FOUND:
                return
            raise
        role = self._role()
        self._give_labels_and_taints(node, role)
        self._give_gpus(node, role.gpus)
        publish(self.client, node, role.adapters)

    def _role(self) -> Role:
        with self._store.lock:
            groups = [
                group
                for cluster in self._store.clusters.values()
                for group in cluster.node_groups.values()
                if group["scalingConfig"]["desiredSize"] > 0
            ]
            if not groups:
                return Role()
            group = min(groups, key=lambda group: (-gpu_count(_instance_type(group)), group["nodegroupName"]))
            return self._role_of(group)

    def _role_of(self, group: Record) -> Role:
        instance_type = _instance_type(group)
        account = Account(self._store.account_id, self._store.region)
        subnet = account.require_subnets(group["subnets"])[0]
        labels = {
            "eks.amazonaws.com/nodegroup": group["nodegroupName"],
            "eks.amazonaws.com/capacityType": group["capacityType"],
            "node.kubernetes.io/instance-type": instance_type,
            "topology.kubernetes.io/region": self._store.region,
            "topology.kubernetes.io/zone": subnet.availability_zone,
        }
        taints = tuple(
            {"key": taint["key"], "effect": _EFFECTS[taint["effect"]]}
            | ({"value": taint["value"]} if taint.get("value") else {})
            for taint in group["taints"]
        )
        gpus = gpu_count(instance_type) * account.gpu_parts(group["launchTemplate"])
        adapters = account.efa_interfaces(group["launchTemplate"])
        return Role(labels=labels | group["labels"], taints=taints, gpus=gpus, adapters=adapters)

    def _give_labels_and_taints(self, node: Json, role: Role) -> None:
        metadata, present = node["metadata"], node["spec"].get("taints", [])
        given = json.loads(metadata.get("annotations", {}).get(_GIVEN, '{"labels": [], "taints": []}'))
        labels: dict[str, str | None] = {key: None for key in given["labels"] if key not in role.labels}
        labels |= {
            key: value for key, value in role.labels.items() if metadata.get("labels", {}).get(key) != value
        }
        ours = [_identity(taint) for taint in (*given["taints"], *role.taints, NO_GROUP_TAINT)]
        kept = [taint for taint in present if _identity(taint) not in ours]
        taints = [*kept, *role.taints]
        if not labels and _comparable(taints) == _comparable(present):
            return
        note = json.dumps({"labels": sorted(role.labels), "taints": list(role.taints)})
        version = metadata["resourceVersion"]
        patch = {
            "metadata": {"labels": labels, "annotations": {_GIVEN: note}, "resourceVersion": version},
            "spec": {"taints": taints},
        }
        self._core.patch_node(self._node_name, patch, _content_type=MERGE_PATCH)

    def _give_gpus(self, node: Json, gpus: int) -> None:
        wanted = str(gpus) if gpus else None
        status = node["status"]
        if {status.get(kind, {}).get(GPU) for kind in _RESOURCES} != {wanted}:
            patch = {"status": {kind: {GPU: wanted} for kind in _RESOURCES}}
            self._core.patch_node_status(self._node_name, patch, _content_type=MERGE_PATCH)


def _instance_type(group: Record) -> str:
    return (group["instanceTypes"] or ["unknown"])[0]


def _identity(taint: Json) -> tuple[str, str]:
    """What makes a taint one of its kind; its value may change."""
    return taint["key"], taint["effect"]


def _comparable(taints: list[Taint]) -> list[tuple[str, str, str]]:
    return sorted((*_identity(taint), taint.get("value", "")) for taint in taints)
