"""A pool that Karpenter fills: what its nodes are (EC2NodeClass), and when there are how many (NodePool)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import Input, Output
from pulumi_kubernetes.apiextensions.CustomResource import CustomResource

from infra.aws.node_template import DATA_DEVICE, SYSTEM_DEVICE, SYSTEM_VOLUME_GIB
from infra.conventions import GPU_RESOURCE, POOL_LABEL, ComponentType, registered
from infra.planning.node_settings import MAX_PODS

_SPOT_FIRST = ["spot", "on-demand"]
"""Karpenter takes the cheaper one, and the other one while EC2 has none of it."""
_DRAINED_WITHIN = "1h"
"""A pod that does not end by then is ended: no budget of a pod holds a node that expires or is sick."""
_UNTIL_PODS_ARE_GONE = ["Drifted", "Underutilized"]
"""Reasons to take a node from the pods on it."""


@dataclass(frozen=True, kw_only=True)
class ElasticPoolArgs:
    """What a pool is made from.

    Args:
        pool: its name; the value of the label `groundplan.dev/pool`.
        bottlerocket_version: the operating system's version, e.g. `1.64.0`.
        instance_types: EC2 instance types to choose from.
        spot_first: take spot while there is some.
        zones: where its nodes may be.
        subnet_ids: private subnets.
        security_group_id: the security group of all nodes.
        instance_profile: profile with the role of its nodes.
        max_nodes: never more.
        vcpus: virtual CPUs of a node of the largest type.
        memory_gib: memory of a node of the largest type in GiB.
        gpus: GPUs of each node.
        volume_gib: data volume of each node in GiB.
        images_snapshot: snapshot that the data volume is made from, with images in it.
        volumes_key_arn: KMS key of the volumes.
        idle_minutes: how long nothing may have changed on a node before it is emptied or removed.
        expire_days: a node is replaced when it is so old.
        disrupted_percent: most nodes with pods that are emptied at a time.
        calm_from_utc: from this hour on none is, from Monday to Friday.
        calm_hours: for how long.
        tags: of all that EC2 makes for its nodes; default tags of the provider do not reach it.
    """

    pool: str
    bottlerocket_version: str
    instance_types: Sequence[str]
    spot_first: bool
    zones: Sequence[str]
    subnet_ids: Sequence[Input[str]]
    security_group_id: Input[str]
    instance_profile: Input[str]
    max_nodes: int
    vcpus: int
    memory_gib: int
    gpus: int
    volume_gib: int
    images_snapshot: str | None
    volumes_key_arn: Input[str]
    idle_minutes: int
    expire_days: int
    disrupted_percent: int
    calm_from_utc: int
    calm_hours: int
    tags: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class ElasticPoolOutputs:
    """The NodePool's name."""

    node_pool: Output[str]


class ElasticPool(pulumi.ComponentResource):
    """Nodes for the pods that wait for them, up to a bound; taken away when they are not needed."""

    def __init__(self, name: str, args: ElasticPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.ELASTIC_POOL, name, None, opts)
        self._args = args
        nodes = CustomResource(
            f"{args.pool}-nodes",
            api_version="karpenter.k8s.aws/v1",
            kind="EC2NodeClass",
            metadata={"name": args.pool},
            spec=self._node_class(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        pool = CustomResource(
            args.pool,
            api_version="karpenter.sh/v1",
            kind="NodePool",
            metadata={"name": args.pool},
            spec=self._node_pool(),
            # Nodes go with their pool, and the class is needed to end them.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[nodes]),
        )
        self.outputs = ElasticPoolOutputs(node_pool=pool.id)
        self.register_outputs(registered(self.outputs))

    def _node_class(self) -> dict[str, Any]:
        args = self._args
        return {
            "amiSelectorTerms": [{"alias": f"bottlerocket@{args.bottlerocket_version}"}],
            "instanceProfile": args.instance_profile,
            "subnetSelectorTerms": [{"id": each} for each in args.subnet_ids],
            "securityGroupSelectorTerms": [{"id": args.security_group_id}],
            "kubelet": {"maxPods": MAX_PODS},
            "metadataOptions": {
                "httpEndpoint": "enabled",
                "httpProtocolIPv6": "disabled",
                "httpTokens": "required",
                # One hop ends at the node: pods have credentials of their own, not the node's.
                "httpPutResponseHopLimit": 1,
            },
            "blockDeviceMappings": [
                self._volume(SYSTEM_DEVICE, SYSTEM_VOLUME_GIB),
                self._volume(DATA_DEVICE, args.volume_gib, args.images_snapshot),
            ],
            "detailedMonitoring": True,
            "associatePublicIPAddress": False,
            "tags": {**args.tags, POOL_LABEL: args.pool},
        }

    def _volume(self, device: str, size_gib: int, snapshot: str | None = None) -> dict[str, Any]:
        return {
            "deviceName": device,
            "ebs": {
                **({"snapshotID": snapshot} if snapshot else {}),
                "volumeType": "gp3",
                "volumeSize": f"{size_gib}Gi",
                "encrypted": True,
                "kmsKeyID": self._args.volumes_key_arn,
                "deleteOnTermination": True,
            },
        }

    def _node_pool(self) -> dict[str, Any]:
        args = self._args
        return {
            "template": {"metadata": {"labels": {POOL_LABEL: args.pool}}, "spec": self._node()},
            "limits": {
                "nodes": str(args.max_nodes),
                "cpu": str(args.max_nodes * args.vcpus),
                "memory": f"{args.max_nodes * args.memory_gib}Gi",
                GPU_RESOURCE: str(args.max_nodes * args.gpus),
            },
            "disruption": {
                "consolidationPolicy": "WhenEmptyOrUnderutilized",
                "consolidateAfter": f"{args.idle_minutes}m",
                "budgets": [
                    {"nodes": "100%", "reasons": ["Empty"]},
                    {"nodes": f"{args.disrupted_percent}%", "reasons": _UNTIL_PODS_ARE_GONE},
                    {
                        "nodes": "0",
                        "reasons": _UNTIL_PODS_ARE_GONE,
                        "schedule": f"0 {args.calm_from_utc} * * mon-fri",
                        "duration": f"{args.calm_hours}h",
                    },
                ],
            },
        }

    def _node(self) -> dict[str, Any]:
        args = self._args
        taint = {"key": GPU_RESOURCE, "value": "present", "effect": "NoSchedule"}
        wanted = {
            "node.kubernetes.io/instance-type": list(args.instance_types),
            "karpenter.sh/capacity-type": _SPOT_FIRST if args.spot_first else ["on-demand"],
            "topology.kubernetes.io/zone": list(args.zones),
            "kubernetes.io/arch": ["amd64"],
        }
        return {
            "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": args.pool},
            "requirements": [
                {"key": key, "operator": "In", "values": values} for key, values in wanted.items()
            ],
            **({"taints": [taint]} if args.gpus else {}),
            "expireAfter": f"{args.expire_days * 24}h",
            "terminationGracePeriod": _DRAINED_WITHIN,
        }
