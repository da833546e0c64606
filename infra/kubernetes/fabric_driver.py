"""The driver that hands Elastic Fabric Adapters to the pods that claim them.

Source of its rights, arguments and mounts: `stable/aws-dranet` of aws/eks-charts, version 1.0.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi import Output
from pulumi_kubernetes.apps.v1.DaemonSet import DaemonSet
from pulumi_kubernetes.core.v1.ServiceAccount import ServiceAccount
from pulumi_kubernetes.rbac.v1.ClusterRole import ClusterRole
from pulumi_kubernetes.rbac.v1.ClusterRoleBinding import ClusterRoleBinding
from pulumi_kubernetes.resource.v1.DeviceClass import DeviceClass

from infra.conventions import (
    EFA_CLASS,
    GPU_RESOURCE,
    POOL_LABEL,
    PROJECT,
    SYSTEM_TAINT,
    ComponentType,
    registered,
)
from infra.kubernetes.pods import from_field

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import (
        ContainerArgsDict,
        PodSpecArgsDict,
        VolumeArgsDict,
        VolumeMountArgsDict,
    )
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict
    from pulumi_kubernetes.rbac.v1 import PolicyRuleArgsDict

DRIVER = "dra.net"
"""Whose devices they are, as node and claim say."""
EFA_DEVICE = "Elastic Fabric Adapter (EFA)"
"""How the driver calls an adapter, by its PCI id."""
IMAGE = (
    "registry.k8s.io/networking/dranet:v1.2.0"
    "@sha256:29e7d1447c437fb259a20857e32ce31f425a37f017c925aba62177a970a86818"
)
"""The version of EKS' chart. Digest: `registry.k8s.io/images/k8s-staging-networking/images.yaml` of
kubernetes/k8s.io."""
_NAME = "dranet"
_NAMESPACE = "kube-system"
_RBAC = "rbac.authorization.k8s.io"
_HEALTH_PORT = 9177
_ADAPTERS_ONLY = (
    '(!("dra.net/type" in attributes) || attributes["dra.net/type"].StringValue != "veth") && '
    '(!("dra.net/pciDevice" in attributes) || '
    'attributes["dra.net/pciDevice"].StringValue != "Elastic Network Adapter (ENA)")'
)
"""Which of a node's interfaces may be claimed: not those by which nodes and pods talk IP."""
_GROUP = "resource.k8s.io"
_RULES: tuple[PolicyRuleArgsDict, ...] = (
    {"api_groups": [""], "resources": ["nodes"], "verbs": ["get"]},
    {
        "api_groups": [_GROUP],
        "resources": ["resourceslices"],
        "verbs": ["create", "delete", "list", "update", "watch"],
    },
    {"api_groups": [_GROUP], "resources": ["deviceclasses", "resourceclaims"], "verbs": ["get"]},
    {"api_groups": [_GROUP], "resources": ["resourceclaims/status"], "verbs": ["patch", "update"]},
    {
        "api_groups": [_GROUP],
        "resources": ["resourceclaims/driver"],
        "verbs": ["associated-node:patch", "associated-node:update"],
        "resource_names": [DRIVER],
    },
)
_FOLDERS = {
    "plugins": "/var/lib/kubelet/plugins",
    "plugin-registry": "/var/lib/kubelet/plugins_registry",
    "nri": "/var/run/nri",
    "network-namespaces": "/var/run/netns",
    "adapters": "/dev/infiniband",
    "state": "/var/run/dranet",
}
"""Of the node: sockets of the kubelet and the container runtime, the adapters, and the driver's records."""
_CHANGE_LATER = frozenset({"network-namespaces", "adapters"})
"""Those in which the node mounts or makes something while the pod runs."""
_LABELS = {
    "app.kubernetes.io/name": _NAME,
    "app.kubernetes.io/part-of": PROJECT,
    "app.kubernetes.io/managed-by": "pulumi",
}


@dataclass(frozen=True, kw_only=True)
class FabricDriverArgs:
    """What it is made from.

    Args:
        pools: the pools whose nodes have adapters.
    """

    pools: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class FabricDriverOutputs:
    """The class of devices that claims name."""

    device_class: Output[str]


class FabricDriver(pulumi.ComponentResource):
    """DRANET on the nodes with adapters, and the class under which pods claim one."""

    def __init__(self, name: str, args: FabricDriverArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.FABRIC_DRIVER, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        account = ServiceAccount(
            _NAME, metadata=_metadata(), automount_service_account_token=False, opts=self._child
        )
        binding = self._grant(account)
        DaemonSet(
            _NAME,
            metadata=_metadata(),
            spec={
                "selector": {"match_labels": {"app.kubernetes.io/name": _NAME}},
                "template": {"metadata": {"labels": _LABELS}, "spec": self._pod(account)},
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[binding]),
        )
        device_class = DeviceClass(
            EFA_CLASS,
            metadata={"name": EFA_CLASS, "labels": _LABELS},
            spec={
                "selectors": [
                    {
                        "cel": {
                            "expression": f'device.driver == "{DRIVER}" && '
                            f'device.attributes["{DRIVER}"].?pciDevice.orValue("") == "{EFA_DEVICE}"'
                        }
                    }
                ]
            },
            opts=self._child,
        )
        self.outputs = FabricDriverOutputs(device_class=device_class.metadata.name)
        self.register_outputs(registered(self.outputs))

    def _grant(self, account: ServiceAccount) -> ClusterRoleBinding:
        role = ClusterRole(
            _NAME,
            metadata={"name": _NAME, "labels": _LABELS},
            rules=list(_RULES),
            opts=self._child,
        )
        return ClusterRoleBinding(
            _NAME,
            metadata={"name": _NAME, "labels": _LABELS},
            role_ref={"api_group": _RBAC, "kind": "ClusterRole", "name": role.metadata.name},
            subjects=[
                {"kind": "ServiceAccount", "name": account.metadata.name, "namespace": _NAMESPACE},
            ],
            opts=self._child,
        )

    def _pod(self, account: ServiceAccount) -> PodSpecArgsDict:
        folders: list[VolumeArgsDict] = [
            {"name": name, "host_path": {"path": path, "type": "DirectoryOrCreate"}}
            for name, path in _FOLDERS.items()
        ]
        return {
            "service_account_name": account.metadata.name,
            "automount_service_account_token": True,
            "priority_class_name": "system-node-critical",
            # It names the interfaces of the node, not those of a pod.
            "host_network": True,
            "affinity": {
                "node_affinity": {
                    "required_during_scheduling_ignored_during_execution": {
                        "node_selector_terms": [
                            {
                                "match_expressions": [
                                    {
                                        "key": POOL_LABEL,
                                        "operator": "In",
                                        "values": sorted(self._args.pools),
                                    }
                                ]
                            }
                        ]
                    }
                }
            },
            "tolerations": [{"key": key, "operator": "Exists"} for key in (SYSTEM_TAINT, GPU_RESOURCE)],
            "containers": [_container()],
            "volumes": [*folders, {"name": "tmp", "empty_dir": {"medium": "Memory", "size_limit": "10Mi"}}],
        }


def _metadata() -> ObjectMetaArgsDict:
    return {"name": _NAME, "namespace": _NAMESPACE, "labels": _LABELS}


def _container() -> ContainerArgsDict:
    """It writes to sockets that are root's, and needs none of root's rights beside that."""
    mounts: list[VolumeMountArgsDict] = [
        {"name": name, "mount_path": path, "mount_propagation": "HostToContainer"}
        if name in _CHANGE_LATER
        else {"name": name, "mount_path": path}
        for name, path in _FOLDERS.items()
    ]
    return {
        "name": _NAME,
        "image": IMAGE,
        "args": [
            "/dranet",
            "--v=2",
            "--hostname-override=$(NODE_NAME)",
            f"--bind-address=:{_HEALTH_PORT}",
            "--cloud-provider-hint=AWS",
            f"--filter={_ADAPTERS_ONLY}",
        ],
        "env": [from_field("NODE_NAME", "spec.nodeName")],
        "readiness_probe": {"http_get": {"path": "/healthz", "port": _HEALTH_PORT}},
        "resources": {
            "requests": {"cpu": "100m", "memory": "256Mi"},
            "limits": {"cpu": "500m", "memory": "256Mi"},
        },
        "security_context": {
            "run_as_user": 0,
            "run_as_group": 0,
            "allow_privilege_escalation": False,
            "capabilities": {"drop": ["ALL"]},
            "read_only_root_filesystem": True,
            "seccomp_profile": {"type": "RuntimeDefault"},
        },
        "volume_mounts": [*mounts, {"name": "tmp", "mount_path": "/tmp"}],  # noqa: S108 - the pod's own
    }
