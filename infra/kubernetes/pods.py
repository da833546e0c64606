"""What every pod of ours has in common: no privileges, no API token, an image by digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi import Input

from infra.conventions import GPU_RESOURCE, POOL_LABEL, WORKLOAD_LABEL, labels

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import (
        ContainerArgsDict,
        EnvVarArgsDict,
        PodSpecArgsDict,
        ResourceRequirementsArgsDict,
        VolumeArgsDict,
        VolumeMountArgsDict,
    )
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

NONROOT_USER = 65532
"""The `nonroot` user of the images."""
ENDPOINT_CONFIG_MAP = "aws-endpoint"
"""Optional: a namespace that reaches AWS by another way than the public endpoints has this ConfigMap."""


@dataclass(frozen=True, kw_only=True)
class PodSize:
    """What a container requests, and the most it gets.

    Args:
        cpu_millicores: CPU it is sure to get, in thousandths of a virtual CPU.
        cpu_limit_millicores: CPU it gets at most.
        memory_mib: memory in MiB; request and limit.
        gpus: whole GPUs.
    """

    cpu_millicores: int
    cpu_limit_millicores: int
    memory_mib: int
    gpus: int = 0


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One service of one tenant on the cluster.

    Args:
        tenant: the tenant.
        service: name of the deployable; also that of its container and service account.
        namespace: the tenant's namespace.
        service_account: whose AWS identity its pods have.
        image: image by digest.
        pool: the GPU pool that its pods run on.
        size: of each pod.
        region: AWS region.
    """

    tenant: str
    service: str
    namespace: Input[str]
    service_account: Input[str]
    image: Input[str]
    pool: str
    size: PodSize
    region: str

    @property
    def selector(self) -> dict[str, str]:
        """Labels that its pods and no others in the namespace have."""
        return {WORKLOAD_LABEL: self.service}

    @property
    def pod_labels(self) -> dict[str, str]:
        """All labels of its pods."""
        return labels(self.service, tenant=self.tenant) | self.selector

    def metadata(self, name: str, annotations: Mapping[str, str] | None = None) -> ObjectMetaArgsDict:
        """Metadata of an object that belongs to it."""
        metadata: ObjectMetaArgsDict = {
            "name": name,
            "namespace": self.namespace,
            "labels": labels(self.service, tenant=self.tenant),
        }
        if annotations:
            metadata["annotations"] = annotations
        return metadata


def container(
    workload: Workload,
    *,
    environment: Sequence[EnvVarArgsDict],
    mounts: Sequence[VolumeMountArgsDict] = (),
    claims: Sequence[str] = (),
    **more: Any,
) -> ContainerArgsDict:
    """A container that cannot gain privileges or write anywhere but to `/tmp` and `mounts`.

    Args:
        workload: whose container it is.
        environment: its variables, beside those that all have.
        mounts: volumes of the pod.
        claims: names of the pod's claims of devices.
        more: further fields.
    """
    return {
        "name": workload.service,
        "image": workload.image,
        "env": [
            from_field("POD_NAME", "metadata.name"),
            *values({"AWS_REGION": workload.region}),
            *environment,
        ],
        "env_from": [{"config_map_ref": {"name": ENDPOINT_CONFIG_MAP, "optional": True}}],
        "resources": _requirements(workload.size, claims),
        "security_context": {
            "allow_privilege_escalation": False,
            "capabilities": {"drop": ["ALL"]},
            "read_only_root_filesystem": True,
        },
        "volume_mounts": [{"name": "tmp", "mount_path": "/tmp"}, *mounts],  # noqa: S108 - the pod's own
        **more,
    }


def pod_spec(
    workload: Workload,
    main: ContainerArgsDict,
    *,
    scratch: str,
    volumes: Sequence[VolumeArgsDict] = (),
    **more: Any,
) -> PodSpecArgsDict:
    """A pod that fits the `restricted` standard and gets no token for the Kubernetes API.

    Args:
        workload: whose pod it is.
        main: its container.
        scratch: size of `/tmp`, e.g. `2Gi`.
        volumes: further volumes.
        more: further fields.
    """
    return {
        "service_account_name": workload.service_account,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "node_selector": {POOL_LABEL: workload.pool},
        "tolerations": [{"key": GPU_RESOURCE, "operator": "Exists", "effect": "NoSchedule"}],
        "security_context": {
            "run_as_non_root": True,
            "run_as_user": NONROOT_USER,
            "run_as_group": NONROOT_USER,
            "seccomp_profile": {"type": "RuntimeDefault"},
        },
        "containers": [main],
        "volumes": [{"name": "tmp", "empty_dir": {"size_limit": scratch}}, *volumes],
        **more,
    }


def values(environment: Mapping[str, Input[str]]) -> list[EnvVarArgsDict]:
    """Environment variables with fixed values. The order is kept: `$(NAME)` refers to what stands before."""
    return [{"name": name, "value": value} for name, value in environment.items()]


def from_field(name: str, field_path: str) -> EnvVarArgsDict:
    """An environment variable that holds a field of the pod itself."""
    return {"name": name, "value_from": {"field_ref": {"field_path": field_path}}}


def _requirements(size: PodSize, claims: Sequence[str]) -> ResourceRequirementsArgsDict:
    """Memory is not overcommitted, CPU is: a container may use what others leave."""
    memory = f"{size.memory_mib}Mi"
    gpus = {GPU_RESOURCE: str(size.gpus)} if size.gpus else {}
    requirements: ResourceRequirementsArgsDict = {
        "requests": {"cpu": f"{size.cpu_millicores}m", "memory": memory, **gpus},
        "limits": {"cpu": f"{size.cpu_limit_millicores}m", "memory": memory, **gpus},
    }
    if claims:
        requirements["claims"] = [{"name": name} for name in claims]
    return requirements
