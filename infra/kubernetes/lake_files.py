"""How a tenant's pods see its part of the lake as files: by a volume that is theirs alone, and one claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pulumi
from pulumi import Input, Output
from pulumi_kubernetes.core.v1.PersistentVolume import PersistentVolume
from pulumi_kubernetes.core.v1.PersistentVolumeClaim import PersistentVolumeClaim

from infra.conventions import labels
from infra.kubernetes.pods import Workload

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import (
        CSIPersistentVolumeSourceArgsDict,
        VolumeArgsDict,
        VolumeMountArgsDict,
    )

LAKE_FOLDER = "/lake"
"""Where pods find zones of the lake, each in a folder of its name."""
CURATED_FOLDER = f"{LAKE_FOLDER}/curated"
_NAME = "lake"
_READ_BY_MANY = ["ReadOnlyMany"]
_NO_CLASS = ""
"""Neither volume nor claim is for a provisioner."""


class LakeFiles(Protocol):
    """What shows the lake as files."""

    @property
    def capacity_gib(self) -> int:
        """Capacity of volume and claim in GiB."""
        ...

    @property
    def folder(self) -> str:
        """Where containers have it."""
        ...

    @property
    def mount_options(self) -> Sequence[str]:
        """How nodes mount it."""
        ...

    def source(self, volume: str) -> CSIPersistentVolumeSourceArgsDict:
        """Which driver mounts what, for the volume of this name."""
        ...


@dataclass(frozen=True, kw_only=True)
class Filesystem:
    """A file system of FSx for Lustre, which shows several zones.

    Source of the attributes: the examples of static provisioning of kubernetes-sigs/aws-fsx-csi-driver.

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
    folder = LAKE_FOLDER
    mount_options = ()

    def source(self, volume: str) -> CSIPersistentVolumeSourceArgsDict:
        """As the driver of FSx takes it."""
        del volume
        return {
            "driver": "fsx.csi.aws.com",
            "volume_handle": self.id,
            "read_only": True,
            "volume_attributes": {"dnsname": self.dns_name, "mountname": self.mount_name},
        }


@dataclass(frozen=True, kw_only=True)
class LakeMount:
    """The tenant's part of the curated zone itself, by Mountpoint for S3 and the identity of the pod.

    Source of attributes and options: docs/CONFIGURATION.md of awslabs/mountpoint-s3-csi-driver, version 2.

    Args:
        bucket: the zone's bucket.
        prefix: the tenant's part of it, with the slash at its end.
        region: the bucket's. Without it, Mountpoint asks the instance's metadata, which pods do not reach.
    """

    bucket: Input[str]
    prefix: str
    region: str
    folder = CURATED_FOLDER
    capacity_gib = 1
    """Kubernetes wants a number, and the driver ignores it."""

    @property
    def mount_options(self) -> tuple[str, ...]:
        """Others than the user of the mount may read: pods run as theirs."""
        return ("read-only", "allow-other", f"prefix {self.prefix}", f"region {self.region}")

    def source(self, volume: str) -> CSIPersistentVolumeSourceArgsDict:
        """As Mountpoint's driver takes it: it has no rights of its own in the account."""
        return {
            "driver": "s3.csi.aws.com",
            "volume_handle": volume,
            "read_only": True,
            "volume_attributes": {
                "bucketName": self.bucket,
                "authenticationSource": "pod",
                # What the node has to have left for it. A limit would end all mounts of the volume there.
                "mountpointContainerResourcesRequestsCpu": "100m",
                "mountpointContainerResourcesRequestsMemory": "1Gi",
            },
        }


@dataclass(frozen=True, kw_only=True)
class ClaimedLake:
    """Volume and mount for pods and containers; none without a claim.

    Args:
        claim: name of the claim.
        folder: where containers have it.
    """

    claim: Output[str] | None = None
    folder: str = LAKE_FOLDER

    @property
    def volumes(self) -> list[VolumeArgsDict]:
        """Of a pod."""
        if self.claim is None:
            return []
        return [{"name": _NAME, "persistent_volume_claim": {"claim_name": self.claim, "read_only": True}}]

    @property
    def mounts(self) -> list[VolumeMountArgsDict]:
        """Of a container."""
        if self.claim is None:
            return []
        return [{"name": _NAME, "mount_path": self.folder, "read_only": True}]


def claim_lake(workload: Workload, files: LakeFiles | None, opts: pulumi.ResourceOptions) -> ClaimedLake:
    """Create the volume, bound to the tenant's claim and to no other, and the claim."""
    if files is None:
        return ClaimedLake()
    capacity = {"storage": f"{files.capacity_gib}Gi"}
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
            **({"mount_options": [*files.mount_options]} if files.mount_options else {}),
            "csi": files.source(name),
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
    return ClaimedLake(claim=claim.metadata.name, folder=files.folder)
