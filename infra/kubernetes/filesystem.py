"""How a tenant's pods see its file system: a volume that is theirs alone, and one claim of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi import Input, Output
from pulumi_kubernetes.core.v1.PersistentVolume import PersistentVolume
from pulumi_kubernetes.core.v1.PersistentVolumeClaim import PersistentVolumeClaim

from infra.conventions import labels
from infra.kubernetes.pods import Workload

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import VolumeArgsDict, VolumeMountArgsDict

LAKE_FOLDER = "/lake"
"""Where pods find the zones of the lake that the file system shows."""
_NAME = "lake"
_READ_BY_MANY = ["ReadOnlyMany"]
_NO_CLASS = ""
"""Neither volume nor claim is for a provisioner."""


@dataclass(frozen=True, kw_only=True)
class Filesystem:
    """A file system of FSx for Lustre.

    Args:
        id: its id in FSx.
        dns_name: where its servers answer.
        mount_name: what they call it.
        capacity_gib: capacity in GiB.
    """

    id: Input[str]
    dns_name: Input[str]
    mount_name: Input[str]
    capacity_gib: int


def create_claim(workload: Workload, filesystem: Filesystem, opts: pulumi.ResourceOptions) -> Output[str]:
    """Create the volume, bound to the tenant's claim and to no other, and the claim; its name is known then.

    Source of the attributes: the examples of static provisioning of kubernetes-sigs/aws-fsx-csi-driver.
    """
    capacity = {"storage": f"{filesystem.capacity_gib}Gi"}
    name = f"{workload.tenant}-{_NAME}"
    volume = PersistentVolume(
        name,
        metadata={"name": name, "labels": labels(workload.service, tenant=workload.tenant)},
        spec={
            "capacity": capacity,
            "access_modes": _READ_BY_MANY,
            "persistent_volume_reclaim_policy": "Retain",
            "storage_class_name": _NO_CLASS,
            "claim_ref": {"namespace": workload.namespace, "name": _NAME},
            "csi": {
                "driver": "fsx.csi.aws.com",
                "volume_handle": filesystem.id,
                "read_only": True,
                "volume_attributes": {"dnsname": filesystem.dns_name, "mountname": filesystem.mount_name},
            },
        },
        opts=opts,
    )
    claim = PersistentVolumeClaim(
        name,
        metadata=workload.metadata(_NAME),
        spec={
            "access_modes": _READ_BY_MANY,
            "storage_class_name": _NO_CLASS,
            "volume_name": volume.metadata.name,
            "resources": {"requests": capacity},
        },
        opts=opts,
    )
    return claim.metadata.name


def lake_volumes(claim: Output[str] | None) -> list[VolumeArgsDict]:
    """The volume of a pod; none without a claim."""
    if claim is None:
        return []
    return [{"name": _NAME, "persistent_volume_claim": {"claim_name": claim, "read_only": True}}]


def lake_mounts(claim: Output[str] | None) -> list[VolumeMountArgsDict]:
    """Where a container has it; nowhere without a claim."""
    return [] if claim is None else [{"name": _NAME, "mount_path": LAKE_FOLDER, "read_only": True}]
