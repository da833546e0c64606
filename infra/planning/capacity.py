"""From rates to pods, nodes and bytes; and what tenants ask for against what pools can become."""

from __future__ import annotations

import math

from infra.planning.instance_types import NODE_TYPES

TARGET_USE = 0.7
"""Share of a replica's measured rate that the autoscaler holds; the default of `cpu_target_percent`."""
FEWEST_REPLICAS = 2
FEWEST_SYSTEM_NODES = 3
SYSTEM_NODE_TYPE = "m7i.2xlarge"
SYSTEM_NODE_VCPUS = 8
INGEST_POD_VCPUS = 2
"""The CPU limit of an ingest pod in the settings."""
ALLOCATABLE = 0.9
CPU_SIZED_VCPUS = 8
"""An m7i.2xlarge, which costs less than any GPU node."""
VCPU_FLOP_PER_S = 10e9
"""A tenth of half a core with two AVX-512 units at 3 GHz in 32 bit: 2 x 16 x 2 x 3 / 2 = 96 GFLOP/s."""


def pool_gpus(instance_type: str, node_count: int) -> int:
    """GPUs of `node_count` instances of a known type."""
    return NODE_TYPES[instance_type].gpu_count * node_count


def peak_gpus(*, training_nodes: int, gpus_per_training_node: int, inference_replicas: int) -> int:
    """GPUs that a tenant uses when a training run and the largest number of inference replicas coincide.

    An inference replica uses one GPU.
    """
    return training_nodes * gpus_per_training_node + inference_replicas


def units_per_replica(*, per_gpu_per_second: float, gpus_per_replica: int) -> float:
    """Units per second that a replica is planned for: its GPUs' measured rate at the autoscaler's target."""
    return per_gpu_per_second * gpus_per_replica * TARGET_USE


def replicas_for(*, per_second: float, per_gpu_per_second: float, gpus_per_replica: int) -> int:
    """Replicas of a model server at a rate: `ceil(rate / (rate of one x target use))`, at least two.

    Source: the Horizontal Pod Autoscaler's rule, `desired = ceil(current x metric / target)`
    (kubernetes.io, "Horizontal Pod Autoscaling"). Two, so that the loss of a node is no outage.
    """
    of_one = units_per_replica(per_gpu_per_second=per_gpu_per_second, gpus_per_replica=gpus_per_replica)
    return max(FEWEST_REPLICAS, math.ceil(per_second / of_one))


def nodes_for_replicas(instance_type: str, replicas: int, gpus_per_replica: int) -> int:
    """Nodes that hold so many replicas; a replica's GPUs are on one node.

    Raises:
        ValueError: a replica needs more GPUs than a node has.
    """
    per_node = pool_gpus(instance_type, 1) // gpus_per_replica
    if per_node == 0:
        raise ValueError(f"{instance_type} has {pool_gpus(instance_type, 1)} GPUs, not {gpus_per_replica}")
    return math.ceil(replicas / per_node)


def nodes_for_training(instance_type: str, gpus: int) -> int:
    """Nodes that hold so many GPUs: `ceil(gpus / GPUs of a node)`, GPUs by EC2's DescribeInstanceTypes."""
    return math.ceil(gpus / pool_gpus(instance_type, 1))


def system_nodes_for(*, ingest_pods: int) -> int:
    """Nodes without GPUs: one a zone, or as many as ingest pods need at two virtual CPUs each.

    Of a node's virtual CPUs nine tenths are for pods; the kubelet, the system and daemons keep the rest
    (kubernetes.io, "Reserve Compute Resources for System Daemons").
    """
    needed = ingest_pods * INGEST_POD_VCPUS
    return max(FEWEST_SYSTEM_NODES, math.ceil(needed / (SYSTEM_NODE_VCPUS * ALLOCATABLE)))


def ingest_pods_for(*, peak_events_per_s: float, consumer_per_second: float) -> int:
    """Ingest pods: the peak rate over the measured rate of one pod (Rao's `t/c`, see `partitions_for`)."""
    return math.ceil(peak_events_per_s / consumer_per_second)


def event_bytes(*, per_second: float, event_size: int, seconds: float) -> float:
    """Bytes of a stream over a time: rate x size x time, at the average rate (arithmetic)."""
    return per_second * event_size * seconds


def table_bytes(*, rows: int, features: int, bytes_per_value: int) -> int:
    """Bytes of a dense table: rows x features x bytes of a value (arithmetic, no compression)."""
    return rows * features * bytes_per_value


def checkpoint_bytes(*, parameters: int) -> int:
    """Bytes of a checkpoint of mixed-precision training with Adam: 14 per parameter.

    2 for the 16-bit weights, 12 for the 32-bit weights, momentum and variance. Source: Rajbhandari et al.,
    "ZeRO", arXiv 1910.02054, section 3.1, without the gradients, which no checkpoint holds.
    """
    return 14 * parameters


def inference_vcpus(*, parameters: int, units_per_second: float) -> int:
    """Virtual CPUs that the forward passes would take without a GPU: `2 x parameters x rate / FLOP/s of one`.

    Source of 2 FLOP per parameter and unit: Kaplan et al., arXiv 2001.08361, section 2.1. A unit is a token
    or a row; convolutions use a parameter many times, so this does not hold for images.
    """
    return math.ceil(2 * parameters * units_per_second / VCPU_FLOP_PER_S)


def cpu_sized_vcpus(*, parameters: int, units_per_second: float) -> int | None:
    """`inference_vcpus` of a model that one m7i.2xlarge serves; None if it takes more."""
    vcpus = inference_vcpus(parameters=parameters, units_per_second=units_per_second)
    return vcpus if vcpus <= CPU_SIZED_VCPUS else None
