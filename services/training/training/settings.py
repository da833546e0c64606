"""What a training run reads from its environment."""

from __future__ import annotations

from typing import Annotated

from groundplan_common.settings import Name, ServiceSettings, StorageUri
from groundplan_common.signatures import KeyArnOrNobody
from pydantic import Field

Positive = Annotated[int, Field(ge=1)]


class TrainingSettings(ServiceSettings):
    """One run.

    Args:
        model_signing_key: KMS key that signs the published version; `none` lets nobody.
        run_id: names the run; a run that starts again under the same name resumes.
        job_completion_index: which of the `node_count` pods this is; pod 0 hosts the rendezvous.
        batch_size: rows a step over all workers; must be a multiple of the number of workers.
        data_version: what to train on; the latest if not set.
        code_version: recorded with checkpoints and the model, for example the image's digest.
        checkpoints_kept: how many of the newest checkpoints stay.
        efa_interfaces: Elastic Fabric Adapters that the pod has; workers must talk through them.
    """

    lake_curated_uri: StorageUri
    checkpoints_uri: StorageUri
    models_uri: StorageUri
    dataset: Name
    model_name: Name
    model_signing_key: KeyArnOrNobody
    run_id: Name
    rendezvous_host: str
    rendezvous_port: Annotated[int, Field(ge=1, le=65535)] = 29400
    node_count: Positive = 1
    processes_per_node: Positive = 1
    job_completion_index: Annotated[int, Field(ge=0)] = 0
    max_restarts: Annotated[int, Field(ge=0)] = 20
    rendezvous_timeout_s: Positive = 600
    collective_timeout_s: Positive = 60
    epochs: Positive = 30
    seed: Annotated[int, Field(ge=0)] = 0
    batch_size: Positive = 64
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.002
    checkpoint_interval_steps: Positive = 50
    checkpoints_kept: Positive = 3
    data_version: str | None = None
    code_version: str = "unknown"
    efa_interfaces: Annotated[int, Field(ge=0)] = 0
