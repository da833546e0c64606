"""Compares what tenants may ask for at their peak with what the pools can become."""

from __future__ import annotations

from infra.planning.instance_types import INSTANCE_TYPES


def pool_gpus(instance_type: str, node_count: int) -> int:
    """GPUs of `node_count` instances of a known type."""
    return INSTANCE_TYPES[instance_type].gpu_count * node_count


def peak_gpus(*, training_nodes: int, gpus_per_training_node: int, inference_replicas: int) -> int:
    """GPUs that a tenant uses when a training run and the largest number of inference replicas coincide.

    An inference replica uses one GPU.
    """
    return training_nodes * gpus_per_training_node + inference_replicas
