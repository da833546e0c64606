"""Triton's `config.pbtxt`, rendered from a version's metadata."""

from __future__ import annotations

from dataclasses import dataclass

from groundplan_common.errors import CorruptArtefact
from groundplan_common.registry import ModelMetadata, TensorSpec

PRIORITY_LEVELS = 2  # 1: a person waits for the answer; 2: everything else
_TYPES = {
    "float32": "TYPE_FP32",
    "float16": "TYPE_FP16",
    "int64": "TYPE_INT64",
    "int32": "TYPE_INT32",
    "uint8": "TYPE_UINT8",
    "bool": "TYPE_BOOL",
}


@dataclass(frozen=True, kw_only=True)
class Serving:
    """How a model is served, whatever the model.

    Args:
        gpu: run on GPUs.
        instances: copies of the model on each device.
        max_batch_size: rows in one run at most.
        max_queue_delay_us: how long a request waits for company.
        max_queue_size: requests that wait at most per priority.
        queue_timeout_us: a request that waited longer is rejected.
    """

    gpu: bool
    instances: int
    max_batch_size: int
    max_queue_delay_us: int
    max_queue_size: int
    queue_timeout_us: int


def render(metadata: ModelMetadata, backend: str, serving: Serving) -> str:
    """Return the configuration that serves exactly the version of `metadata`."""
    kind = "KIND_GPU" if serving.gpu else "KIND_CPU"
    return "\n".join(
        [
            f'name: "{metadata.name}"',
            f'backend: "{backend}"',
            f"max_batch_size: {serving.max_batch_size}",
            *(_tensor("input", spec) for spec in metadata.inputs),
            *(_tensor("output", spec) for spec in metadata.outputs),
            f"version_policy {{ specific {{ versions: [{metadata.version}] }} }}",
            f"instance_group [{{ count: {serving.instances} kind: {kind} }}]",
            _batching(serving),
            "",
        ]
    )


def preferred_batch_sizes(max_batch_size: int) -> list[int]:
    """Return the sizes at which a batch leaves without waiting: the largest, and a quarter of it."""
    return sorted({max(1, max_batch_size // 4), max_batch_size})


def _batching(serving: Serving) -> str:
    sizes = ", ".join(map(str, preferred_batch_sizes(serving.max_batch_size)))
    return f"""dynamic_batching {{
  preferred_batch_size: [{sizes}]
  max_queue_delay_microseconds: {serving.max_queue_delay_us}
  preserve_ordering: false
  priority_levels: {PRIORITY_LEVELS}
  default_priority_level: {PRIORITY_LEVELS}
  default_queue_policy {{
    timeout_action: REJECT
    default_timeout_microseconds: {serving.queue_timeout_us}
    allow_timeout_override: true
    max_queue_size: {serving.max_queue_size}
  }}
}}"""


def _tensor(direction: str, spec: TensorSpec) -> str:
    if spec.dtype not in _TYPES:
        allowed = ", ".join(sorted(_TYPES))
        raise CorruptArtefact(
            f"Metadata: {direction} {spec.name!r} has type {spec.dtype!r}; allowed: {allowed}."
        )
    dims = ", ".join(map(str, spec.shape[1:]))
    return f'{direction} [{{ name: "{spec.name}" data_type: {_TYPES[spec.dtype]} dims: [{dims}] }}]'
