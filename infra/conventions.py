"""What all components share: type tokens, names, tags, labels, and how outputs are registered."""

from __future__ import annotations

from dataclasses import fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

PROJECT = "groundplan"


class ComponentType(StrEnum):
    """The type token of each component. It is part of every URN: change one only together with an alias."""

    NETWORK = "groundplan:aws:Network"
    ENCRYPTION = "groundplan:aws:Encryption"
    LAKE = "groundplan:aws:Lake"
    REGISTRY = "groundplan:aws:Registry"
    CLUSTER = "groundplan:aws:Cluster"
    CLUSTER_ADDONS = "groundplan:aws:ClusterAddons"
    GPU_POOL = "groundplan:aws:GpuPool"
    WORKLOAD_IDENTITY = "groundplan:aws:WorkloadIdentity"
    AUDIT = "groundplan:aws:Audit"
    OPERATIONS = "groundplan:aws:Operations"
    TENANT = "groundplan:kubernetes:Tenant"
    INGEST = "groundplan:kubernetes:Ingest"
    TRAINING = "groundplan:kubernetes:Training"
    INFERENCE = "groundplan:kubernetes:Inference"


WORKLOAD_LABEL = "groundplan.dev/workload"
"""On every pod of ours: which service it runs."""
POOL_LABEL = "groundplan.dev/pool"
"""On every node: the GPU pool it belongs to."""
GPU_RESOURCE = "nvidia.com/gpu"
"""The extended resource of NVIDIA's device plugin, and the key of the taint on GPU nodes."""


def physical_name(environment: str, *parts: str) -> str:
    """The name of a resource in the account, e.g. `groundplan-dev-raw`."""
    return "-".join((PROJECT, environment, *parts))


def default_tags(*, environment: str, stack: str, owner: str, cost_center: str) -> dict[str, str]:
    """The tags of every AWS resource; the provider adds them."""
    return {
        "Project": PROJECT,
        "Environment": environment,
        "Stack": stack,
        "Owner": owner,
        "CostCenter": cost_center,
        "ManagedBy": "pulumi",
    }


def tenant_namespace(tenant: str) -> str:
    """The Kubernetes namespace of a tenant."""
    return f"tenant-{tenant}"


def labels(name: str, *, tenant: str) -> dict[str, str]:
    """Kubernetes' recommended labels for what belongs to one service of a tenant."""
    return {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/part-of": PROJECT,
        "app.kubernetes.io/managed-by": "pulumi",
        "groundplan.dev/tenant": tenant,
    }


def registered(outputs: DataclassInstance) -> dict[str, Any]:
    """The fields of an outputs dataclass under their names, for `register_outputs`.

    Values stay as they are: `dataclasses.asdict` would copy Outputs.
    """
    return {field.name: getattr(outputs, field.name) for field in fields(outputs)}
