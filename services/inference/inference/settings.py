"""What the inference service reads from its environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from groundplan_common.settings import Name, ServiceSettings, StorageUri
from groundplan_common.signatures import KeyArnOrNobody
from pydantic import Field

Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0)]


class InferenceSettings(ServiceSettings):
    """One server.

    Args:
        model_signing_key: serves only versions that this KMS key has signed; `none` takes any.
        triton_home: where Triton is installed: `bin/tritonserver` and `backends/`.
        repository: an empty folder that Triton's model repository is rendered into.
        drain_delay_s: how long requests are still taken after the order to end: routes forget a pod slowly.
        drain_timeout_s: then, how long requests in flight may take.
        retry_interval_s: how often a version that could not be served is tried again.
        max_batch_size: rows in one run of the model at most.
        max_queue_delay_us: how long a request waits for company, in microseconds.
        max_queue_size: requests that wait at most per priority; more are rejected.
        queue_timeout_us: a request that waited longer is rejected, in microseconds.
    """

    models_uri: StorageUri
    model_name: Name
    model_alias: Name = "live"
    model_signing_key: KeyArnOrNobody
    triton_home: Path = Path("/opt/tritonserver")
    repository: Path = Path("/tmp/models")  # noqa: S108 - the one writable folder of the pod, its own emptyDir
    http_port: Port = 8000
    grpc_port: Port = 8001
    metrics_port: Port = 8002
    health_port: Port = 8003
    poll_interval_s: Seconds = 3.0
    retry_interval_s: Seconds = 30.0
    load_timeout_s: Seconds = 120.0
    drain_delay_s: Annotated[float, Field(ge=0)] = 3.0
    drain_timeout_s: Annotated[int, Field(ge=1)] = 20
    max_batch_size: Annotated[int, Field(ge=1)] = 64
    max_queue_delay_us: Annotated[int, Field(ge=0)] = 1000
    max_queue_size: Annotated[int, Field(ge=1)] = 512
    queue_timeout_us: Annotated[int, Field(ge=1)] = 1_000_000
    instances: Annotated[int, Field(ge=1)] = 1
