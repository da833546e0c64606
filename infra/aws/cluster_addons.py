"""EKS add-ons, pinned: those that nodes need to become ready, and those that need nodes to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi import Input, Output
from pulumi_aws.eks.addon import Addon

from infra.conventions import POOL_LABEL, SYSTEM_POOL, SYSTEM_TAINT, ComponentType, registered
from infra.planning.eks_versions import AddonVersions

_ON_SYSTEM_POOL: dict[str, Any] = {
    "nodeSelector": {POOL_LABEL: SYSTEM_POOL},
    "tolerations": [{"key": SYSTEM_TAINT, "operator": "Exists"}],
}
_DRIVER: dict[str, Any] = {"controller": _ON_SYSTEM_POOL, "node": {"tolerateAllTaints": True}}
"""A driver of volumes mounts them on all nodes, those with GPUs too."""


@dataclass(frozen=True, kw_only=True)
class AddonSpec:
    """One add-on.

    Args:
        name: EKS' name of it.
        version: the pinned version.
        configuration: values of the add-on's own schema; some may be outputs.
    """

    name: str
    version: str
    configuration: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ClusterAddonsArgs:
    """What a set of add-ons is made from.

    Args:
        cluster_name: the cluster to install them on.
        addons: what to install.
        protect: keep changes that someone made to an add-on by hand, and fail, instead of overwriting them.
    """

    cluster_name: Input[str]
    addons: tuple[AddonSpec, ...]
    protect: bool


@dataclass(frozen=True, kw_only=True)
class ClusterAddonsOutputs:
    """Installed version of each add-on."""

    versions: dict[str, Output[str]]


class ClusterAddons(pulumi.ComponentResource):
    """A set of add-ons that are installed at the same time."""

    def __init__(
        self, name: str, args: ClusterAddonsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(ComponentType.CLUSTER_ADDONS, name, None, opts)
        self._args = args
        self.outputs = ClusterAddonsOutputs(versions={spec.name: self._install(spec) for spec in args.addons})
        self.register_outputs(registered(self.outputs))

    def _install(self, spec: AddonSpec) -> Output[str]:
        addon = Addon(
            spec.name,
            cluster_name=self._args.cluster_name,
            addon_name=spec.name,
            addon_version=spec.version,
            configuration_values=Output.json_dumps(spec.configuration) if spec.configuration else None,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="NONE" if self._args.protect else "OVERWRITE",
            opts=pulumi.ResourceOptions(parent=self),
        )
        return addon.addon_version


@dataclass(frozen=True, kw_only=True)
class PodNetwork:
    """Where pods get their addresses.

    Args:
        region: AWS region.
        subnet_ids: of each zone, by the zone's name.
        security_group_id: the group that pods are in.
    """

    region: str
    subnet_ids: Mapping[str, Input[str]]
    security_group_id: Input[str]


def node_addons(versions: AddonVersions, network: PodNetwork) -> tuple[AddonSpec, ...]:
    """Without these a node does not become ready, or its pods get no network, credentials or repair."""
    return (
        AddonSpec(name="vpc-cni", version=versions.vpc_cni, configuration=_pod_addresses(network)),
        AddonSpec(name="kube-proxy", version=versions.kube_proxy),
        AddonSpec(name="eks-pod-identity-agent", version=versions.eks_pod_identity_agent),
        AddonSpec(name="eks-node-monitoring-agent", version=versions.eks_node_monitoring_agent),
    )


def _pod_addresses(network: PodNetwork) -> dict[str, Any]:
    """Pods in subnets of their own, sixteen addresses at a time, and network policies enforced.

    https://docs.aws.amazon.com/eks/latest/userguide/cni-custom-network.html
    """
    return {
        # Without the flag network policies are accepted and not enforced.
        "enableNetworkPolicy": "true",
        "env": {
            "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true",
            # A node's zone is the name of the ENIConfig that counts for it.
            "ENI_CONFIG_LABEL_DEF": "topology.kubernetes.io/zone",
            "ENABLE_PREFIX_DELEGATION": "true",
            "WARM_PREFIX_TARGET": "1",
        },
        "eniConfig": {
            "create": True,
            "region": network.region,
            "subnets": {
                zone: {"id": subnet_id, "securityGroups": [network.security_group_id]}
                for zone, subnet_id in network.subnet_ids.items()
            },
        },
    }


def scheduled_addons(
    versions: AddonVersions, *, file_systems: bool, lake_mounts: bool
) -> tuple[AddonSpec, ...]:
    """Deployments: they become active only on nodes, and run on those of the system pool.

    Args:
        versions: the pinned version of each.
        file_systems: whether pods mount file systems of FSx for Lustre. They are there before, so the driver
            mounts and makes none: it needs no rights in the account.
        lake_mounts: whether pods mount buckets. They do by their own identity: the driver needs none.
    """
    drivers = (
        ("aws-ebs-csi-driver", versions.aws_ebs_csi_driver, True),
        ("aws-fsx-csi-driver", versions.aws_fsx_csi_driver, file_systems),
        ("aws-mountpoint-s3-csi-driver", versions.aws_mountpoint_s3_csi_driver, lake_mounts),
    )
    return (
        AddonSpec(name="coredns", version=versions.coredns, configuration=_ON_SYSTEM_POOL),
        AddonSpec(name="metrics-server", version=versions.metrics_server, configuration=_ON_SYSTEM_POOL),
        *(
            AddonSpec(name=name, version=version, configuration=_DRIVER)
            for name, version, wanted in drivers
            if wanted
        ),
    )
