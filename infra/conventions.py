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
    ACCESS_POINTS = "groundplan:aws:AccessPoints"
    CATALOGUE = "groundplan:aws:Catalogue"
    BACKUP_COPIES = "groundplan:aws:BackupCopies"
    REPLICAS = "groundplan:aws:Replicas"
    REPLICATION = "groundplan:aws:Replication"
    STREAMING = "groundplan:aws:Streaming"
    STREAM_ACCESS = "groundplan:aws:StreamAccess"
    SCHEMA_REGISTRY = "groundplan:aws:SchemaRegistry"
    DATA_STORES = "groundplan:aws:DataStores"
    EDGE = "groundplan:aws:Edge"
    CACHE = "groundplan:aws:Cache"
    REGISTRY = "groundplan:aws:Registry"
    CLUSTER = "groundplan:aws:Cluster"
    CLUSTER_ADDONS = "groundplan:aws:ClusterAddons"
    SYSTEM_POOL = "groundplan:aws:SystemPool"
    GPU_POOL = "groundplan:aws:GpuPool"
    ELASTIC_NODES = "groundplan:aws:ElasticNodes"
    VOLUME_DRIVER = "groundplan:aws:VolumeDriver"
    TRAINING_FILESYSTEM = "groundplan:aws:TrainingFilesystem"
    IDENTITY = "groundplan:aws:Identity"
    MODEL_SIGNING = "groundplan:aws:ModelSigning"
    WORKLOAD_IDENTITY = "groundplan:aws:WorkloadIdentity"
    AUDIT = "groundplan:aws:Audit"
    OPERATIONS = "groundplan:aws:Operations"
    METRICS_COLLECTOR = "groundplan:aws:MetricsCollector"
    DASHBOARDS = "groundplan:aws:Dashboards"
    WORKING_HOURS = "groundplan:aws:WorkingHours"
    QUOTA_REQUESTS = "groundplan:aws:QuotaRequests"
    ADMISSION = "groundplan:kubernetes:Admission"
    AUDITOR_ACCESS = "groundplan:kubernetes:AuditorAccess"
    KARPENTER = "groundplan:kubernetes:Karpenter"
    ELASTIC_POOL = "groundplan:kubernetes:ElasticPool"
    FABRIC_DRIVER = "groundplan:kubernetes:FabricDriver"
    VOLUME_CLASS = "groundplan:kubernetes:VolumeClass"
    TENANT = "groundplan:kubernetes:Tenant"
    INGEST = "groundplan:kubernetes:Ingest"
    TRAINING = "groundplan:kubernetes:Training"
    INFERENCE = "groundplan:kubernetes:Inference"
    STREAM_QUOTAS = "groundplan:kubernetes:StreamQuotas"


class Persona(StrEnum):
    """Who works with the platform: the first three for one tenant each, the others for the environment."""

    DATA_SCIENTIST = "data-scientist"
    DATA_ENGINEER = "data-engineer"
    ML_ENGINEER = "ml-engineer"
    AUTOMATION = "automation"
    AUDITOR = "auditor"


LAKE_ZONES = ("raw", "curated", "features", "models", "checkpoints")
"""The zones of the lake; each has a bucket, and in it a prefix for each tenant."""


class DataClass(StrEnum):
    """What the data in a bucket is. The tag `DataClass` says it, so that policies and reports can tell."""

    PERSONAL = "personal"
    INTERNAL = "internal"
    MODELS = "models"
    CHECKPOINTS = "checkpoints"
    AUDIT = "audit"
    SETTINGS = "settings"
    ACCESS_LOGS = "access-logs"


TENANT_PERSONAS = (Persona.DATA_SCIENTIST, Persona.DATA_ENGINEER, Persona.ML_ENGINEER)

CACHE_CLIENTS = ("ingest", "inference")
"""Workloads that may connect to the cache: ingest writes features, the model server reads them."""
BACKUP_TAG = ("Backup", "daily")
"""What has this tag is backed up by AWS Backup."""
WORKLOAD_LABEL = "groundplan.dev/workload"
"""On every pod of ours: which service it runs."""
TENANT_LABEL = "groundplan.dev/tenant"
"""On all objects of a tenant, its namespace first: whose they are. Admission policies go by it."""
POOL_LABEL = "groundplan.dev/pool"
"""On every node: the pool it belongs to."""
SYSTEM_POOL = "system"
"""The pool of the cluster's own pods."""
SYSTEM_TAINT = "CriticalAddonsOnly"
"""The key of the taint on its nodes: add-ons of EKS and Karpenter tolerate it by themselves."""
KARPENTER_ACCOUNT = ("karpenter", "karpenter")
"""Namespace and service account of Karpenter: its identity in the account is for no other pod."""
PARTS_LABEL = "groundplan.dev/gpu-parts"
"""On nodes whose GPUs are divided: into how many each is."""
METRICS_PORT = 8002
"""Where each pod of ours that has metrics tells them. Triton chose it; one port is open to the collector."""
GPU_RESOURCE = "nvidia.com/gpu"
"""The extended resource of NVIDIA's device plugin, and the key of the taint on GPU nodes."""
EFA_CLASS = "efa.networking.k8s.aws"
"""The class of devices that Elastic Fabric Adapters are; EKS' own chart calls it so."""
VOLUME_CLASS = "encrypted"
"""The class of the volumes that pods claim; quotas are about it by this name."""


def signing_profile(environment: str, number: str) -> str:
    """Name of a profile that signs images: Signer knows no hyphens. `number` may be a pattern."""
    return physical_name(environment, "images", number).replace("-", "_")


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


def persona_group(tenant: str, persona: Persona) -> str:
    """The Kubernetes group of a persona of one tenant: access entries name it, role bindings mean it."""
    return f"{PROJECT}:{tenant}:{persona}"


AUDITOR_GROUP = f"{PROJECT}:{Persona.AUDITOR}"
"""The Kubernetes group of the auditor, for what EKS' own policy for readers leaves out."""


def labels(name: str, *, tenant: str) -> dict[str, str]:
    """Kubernetes' recommended labels for what belongs to one service of a tenant."""
    return {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/part-of": PROJECT,
        "app.kubernetes.io/managed-by": "pulumi",
        TENANT_LABEL: tenant,
    }


def registered(outputs: DataclassInstance) -> dict[str, Any]:
    """The fields of an outputs dataclass under their names, for `register_outputs`.

    Values stay as they are: `dataclasses.asdict` would copy Outputs.
    """
    return {field.name: getattr(outputs, field.name) for field in fields(outputs)}
