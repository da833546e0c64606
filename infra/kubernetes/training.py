"""The training job of a tenant: pods that find each other and train one model together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi import Input, Output
from pulumi_kubernetes.core.v1.Service import Service
from pulumi_kubernetes.resource.v1.ResourceClaimTemplate import ResourceClaimTemplate

from infra.conventions import EFA_CLASS, ComponentType, registered
from infra.kubernetes import pods
from infra.kubernetes.jobs import job_template
from infra.kubernetes.lake_files import LakeFiles, claim_lake
from infra.kubernetes.pods import Workload

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import EnvVarArgsDict, PodSpecArgsDict, VolumeArgsDict

_RENDEZVOUS_PORT = 29400
_RETRIES = 10
"""Pods lost in one run. Each costs at most the steps since the last checkpoint."""
_S_PER_HOUR = 3600
_ADAPTERS = "adapters"
"""The claim in the pod."""
_OVER_EFA = {
    # Without the second one NCCL takes TCP where the first one fails, without an error. Names: aws-ofi-nccl,
    # release notes of 1.15 and pull request 530.
    "NCCL_NET_PLUGIN": "ofi",
    "NCCL_NET": "Libfabric",
    "FI_PROVIDER": "efa",
    # Nodes set none aside: infra/planning/fabric.py.
    "FI_EFA_USE_HUGE_PAGE": "0",
}


@dataclass(frozen=True, kw_only=True)
class TrainingArgs:
    """What a training job is made from.

    Args:
        workload: who runs where; its size says how many GPUs, and so processes, a pod has.
        dataset: what to train on.
        model: what to publish under.
        code_version: recorded with checkpoints and the model.
        curated_uri: where the data is: `s3://bucket/prefix`, or a folder below `LAKE_FOLDER`.
        checkpoints_uri: where checkpoints go.
        models_uri: the model registry.
        signing_key: KMS key that signs its models.
        nodes: pods that train together.
        epochs: passes over the data.
        batch_size: rows per step over all processes.
        learning_rate: step size of the optimizer.
        seed: makes two runs over the same data equal.
        checkpoint_interval_steps: steps between checkpoints.
        max_hours: a run that takes longer is stopped.
        lake_files: what shows the lake as files in each pod, if anything.
        efa_interfaces: Elastic Fabric Adapters that each pod claims.
    """

    workload: Workload
    dataset: str
    model: str
    code_version: str
    curated_uri: Input[str]
    checkpoints_uri: Input[str]
    models_uri: Input[str]
    signing_key: Input[str]
    nodes: int
    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    checkpoint_interval_steps: int
    max_hours: int
    lake_files: LakeFiles | None = None
    efa_interfaces: int = 0


@dataclass(frozen=True, kw_only=True)
class TrainingOutputs:
    """Name of the job template."""

    template: Output[str]


class Training(pulumi.ComponentResource):
    """A template for training runs, and the names by which their pods find each other."""

    def __init__(self, name: str, args: TrainingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.TRAINING, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._create_peer_names()
        self._lake = claim_lake(args.workload, args.lake_files, self._child)
        template = job_template(
            args.workload,
            pod=self._pod(),
            retries=_RETRIES,
            timeout_s=args.max_hours * _S_PER_HOUR,
            completion_mode="Indexed",
            completions=args.nodes,
            parallelism=args.nodes,
            opts=self._child,
        )
        self.outputs = TrainingOutputs(template=template.metadata.name)
        self.register_outputs(registered(self.outputs))

    def _create_peer_names(self) -> None:
        """Give each pod of a run a name of its own: `<run>-<index>.training`."""
        workload = self._args.workload
        Service(
            f"{workload.tenant}-{workload.service}-peers",
            metadata=workload.metadata(workload.service),
            spec={
                "cluster_ip": "None",
                "selector": workload.selector,
                # Peers have to find each other before any of them can be ready.
                "publish_not_ready_addresses": True,
                "ports": [{"name": "rendezvous", "port": _RENDEZVOUS_PORT}],
            },
            opts=self._child,
        )

    def _pod(self) -> PodSpecArgsDict:
        workload = self._args.workload
        fabric = self._claim_adapters() if self._args.efa_interfaces else {}
        main = pods.container(
            workload,
            environment=self._environment(),
            claims=(_ADAPTERS,) if fabric else (),
            ports=[{"name": "rendezvous", "container_port": _RENDEZVOUS_PORT}],
            mounts=[
                {"name": "shared-memory", "mount_path": "/dev/shm"},  # noqa: S108 - the pod's own
                *self._lake.mounts,
            ],
        )
        # Processes of a pod exchange data there; the default of 64 MiB is too small for NCCL.
        shared_memory: VolumeArgsDict = {
            "name": "shared-memory",
            "empty_dir": {"medium": "Memory", "size_limit": "1Gi"},
        }
        return pods.pod_spec(
            workload,
            main,
            scratch="10Gi",
            volumes=[shared_memory, *self._lake.volumes],
            restart_policy="Never",
            subdomain=workload.service,
            **fabric,
        )

    def _claim_adapters(self) -> dict[str, Any]:
        """What a pod needs besides, so that each of a run has adapters of its own."""
        workload, count = self._args.workload, self._args.efa_interfaces
        template = ResourceClaimTemplate(
            f"{workload.tenant}-{workload.service}-{_ADAPTERS}",
            # A template never changes: another count is another one, and pods that wait keep theirs.
            metadata=workload.metadata(f"{workload.service}-{_ADAPTERS}-{count}"),
            spec={
                "spec": {
                    "devices": {
                        "requests": [
                            {
                                "name": "efa",
                                "exactly": {
                                    "device_class_name": EFA_CLASS,
                                    "allocation_mode": "ExactCount",
                                    "count": count,
                                },
                            }
                        ]
                    }
                }
            },
            opts=self._child,
        )
        return {
            "resource_claims": [
                {"name": _ADAPTERS, "resource_claim_template_name": template.metadata.name},
            ]
        }

    def _environment(self) -> list[EnvVarArgsDict]:
        args = self._args
        return [
            pods.from_field("RUN_ID", "metadata.labels['batch.kubernetes.io/job-name']"),
            *pods.values(
                {
                    "DATASET": args.dataset,
                    "MODEL_NAME": args.model,
                    "CODE_VERSION": args.code_version,
                    "LAKE_CURATED_URI": args.curated_uri,
                    "CHECKPOINTS_URI": args.checkpoints_uri,
                    "MODELS_URI": args.models_uri,
                    "MODEL_SIGNING_KEY": args.signing_key,
                    "NODE_COUNT": str(args.nodes),
                    "PROCESSES_PER_NODE": str(args.workload.size.gpus),
                    "RENDEZVOUS_HOST": f"$(RUN_ID)-0.{args.workload.service}",
                    "RENDEZVOUS_PORT": str(_RENDEZVOUS_PORT),
                    "EPOCHS": str(args.epochs),
                    "BATCH_SIZE": str(args.batch_size),
                    "LEARNING_RATE": str(args.learning_rate),
                    "SEED": str(args.seed),
                    "CHECKPOINT_INTERVAL_STEPS": str(args.checkpoint_interval_steps),
                }
            ),
            *pods.values(
                _OVER_EFA | {"EFA_INTERFACES": str(args.efa_interfaces)} if args.efa_interfaces else {}
            ),
        ]
