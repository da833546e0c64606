"""From the figures of use cases to a platform: stream, storage, pods, GPUs and node pools."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from infra.planning import capacity, streaming
from infra.planning.demand import Figures, ServingFigures, TrainingFigures, UseCaseFigures
from infra.planning.streaming import Streaming

HOURS_PER_MONTH = 730
"""365 x 24 / 12: the month of AWS' Pricing Calculator."""
DAYS_PER_MONTH = HOURS_PER_MONTH / 24


@dataclass(frozen=True, kw_only=True)
class NodePool:
    """A pool of nodes of one type.

    Args:
        name: `<use case>-serving`, `<use case>-training` or `system`.
        instance_type: EC2's name.
        min_nodes: nodes that run all the time.
        max_nodes: nodes at the peak.
        burst_node_hours: hours per month of the nodes beyond `min_nodes`, all together.
        gpus: GPUs of `max_nodes`.
        pods: pods at the peak.
        interruptible: whether its nodes may be taken away at any time.
        interruption_loss_hours: hours that one interruption costs each node.
        capacity_block: whether it is to run in a Capacity Block.
        spot: whether its nodes are bought as spot, whatever else there is.
    """

    name: str
    instance_type: str
    min_nodes: int
    max_nodes: int
    burst_node_hours: float
    gpus: int
    pods: int
    interruptible: bool = False
    interruption_loss_hours: float = 0
    capacity_block: bool = False
    spot: bool = False


@dataclass(frozen=True, kw_only=True)
class Filesystem:
    """A file system of FSx for Lustre.

    Args:
        name: whose it is.
        capacity_gib: capacity in GiB.
        throughput_mbps_per_tib: megabytes per second for each TiB; the price of a GiB depends on it.
    """

    name: str
    capacity_gib: int
    throughput_mbps_per_tib: int


@dataclass(frozen=True, kw_only=True)
class DataStores:
    """The database and the cache.

    Args:
        database_units: Aurora capacity units, of all instances together.
        cache_node_type: ElastiCache's name.
        cache_nodes: nodes of the cache.
    """

    database_units: float
    cache_node_type: str
    cache_nodes: int


@dataclass(frozen=True, kw_only=True)
class Platform:
    """What the figures ask for.

    Args:
        streaming: the Kafka cluster; None without events.
        ingest_pods: pods that read it, at the peak.
        lake_gib: events and tables in the lake, in GiB.
        checkpoint_gib: checkpoints in the lake, in GiB.
        pools: node pools.
        s3_gib_per_month: what goes between nodes and S3 in a month, in GiB.
        filesystems: file systems near the GPUs.
        data_stores: the database and the cache; None where they are no part of the question.
        endpoints: interface endpoints, each with an address in every zone.
        transit_gateways: transit gateways that the network is attached to.
    """

    streaming: Streaming | None
    ingest_pods: int
    lake_gib: int
    checkpoint_gib: int
    pools: tuple[NodePool, ...]
    s3_gib_per_month: int
    filesystems: tuple[Filesystem, ...] = ()
    data_stores: DataStores | None = None
    endpoints: int = 0
    transit_gateways: int = 0


def plan_platform(figures: Figures) -> Platform:
    """Add up all use cases; each has pools of its own, the stream and the lake are shared.

    Raises:
        ValueError: a replica needs more GPUs than its instance type has.
    """
    cases = figures.use_cases
    ingest_pods = sum(_ingest_pods(case) for case in cases.values())
    pools = [_system_pool(ingest_pods)]
    for name, case in cases.items():
        if case.serving:
            pools.append(serving_pool(name, case.serving, case.peak_factor))
        if case.training:
            pools.append(training_pool(name, case.training))
    return Platform(
        streaming=_streaming(cases),
        ingest_pods=ingest_pods,
        lake_gib=_gib(sum(_lake_bytes(case) for case in cases.values())),
        checkpoint_gib=_gib(sum(_checkpoint_bytes(case) for case in cases.values())),
        pools=tuple(pools),
        s3_gib_per_month=_gib(sum(_s3_bytes_per_month(case) for case in cases.values())),
    )


def serving_pool(name: str, serving: ServingFigures, peak_factor: float) -> NodePool:
    """Nodes for the average rate all day, and for the peak rate in its hours."""

    def replicas(rate: float) -> int:
        return capacity.replicas_for(
            per_second=rate,
            per_gpu_per_second=serving.per_gpu_per_second,
            gpus_per_replica=serving.gpus_per_replica,
        )

    usual, peak = replicas(serving.per_second), replicas(serving.per_second * peak_factor)
    nodes = [
        capacity.nodes_for_replicas(serving.instance_type, count, serving.gpus_per_replica)
        for count in (usual, peak)
    ]
    return NodePool(
        name=f"{name}-serving",
        instance_type=serving.instance_type,
        min_nodes=nodes[0],
        max_nodes=nodes[1],
        burst_node_hours=(nodes[1] - nodes[0]) * serving.peak_hours_per_day * DAYS_PER_MONTH,
        gpus=capacity.pool_gpus(serving.instance_type, nodes[1]),
        pods=peak,
    )


def training_pool(name: str, training: TrainingFigures) -> NodePool:
    """Nodes that are there while training runs.

    An interruption costs half the checkpoint interval and the restart. Source: the recovery model of
    MindCluster's documents (hiascend.com); half an interval on average is Young's, CACM 17(9), 1974.
    """
    nodes = capacity.nodes_for_training(training.instance_type, training.gpus)
    loss_minutes = training.checkpoint_interval_minutes / 2 + training.restart_minutes
    return NodePool(
        name=f"{name}-training",
        instance_type=training.instance_type,
        min_nodes=0,
        max_nodes=nodes,
        burst_node_hours=nodes * training.hours_per_month,
        gpus=capacity.pool_gpus(training.instance_type, nodes),
        pods=nodes,
        interruptible=training.interruptible,
        interruption_loss_hours=loss_minutes / 60,
        capacity_block=training.capacity_block is not None,
    )


def _system_pool(ingest_pods: int) -> NodePool:
    nodes = capacity.system_nodes_for(ingest_pods=ingest_pods)
    return NodePool(
        name="system",
        instance_type=capacity.SYSTEM_NODE_TYPE,
        min_nodes=nodes,
        max_nodes=nodes,
        burst_node_hours=0,
        gpus=0,
        pods=ingest_pods,
    )


def _streaming(cases: Mapping[str, UseCaseFigures]) -> Streaming | None:
    streams = [(case.events, case.peak_factor) for case in cases.values() if case.events]
    if not streams:
        return None
    rates = [events.per_second * peak * events.bytes / 1e6 for events, peak in streams]
    return streaming.size_streaming(
        peak_mb_per_s=sum(rates),
        consumer_groups=max(events.consumer_groups for events, _ in streams),
        partitions=sum(
            streaming.partitions_for(
                peak_mb_per_s=rate,
                peak_events_per_s=events.per_second * peak,
                consumer_per_second=events.consumer_per_second,
            )
            for rate, (events, peak) in zip(rates, streams, strict=True)
        ),
        stored_bytes=sum(
            capacity.event_bytes(
                per_second=events.per_second, event_size=events.bytes, seconds=events.retention_hours * 3600
            )
            for events, _ in streams
        ),
    )


def _ingest_pods(case: UseCaseFigures) -> int:
    if not case.events:
        return 0
    return capacity.ingest_pods_for(
        peak_events_per_s=case.events.per_second * case.peak_factor,
        consumer_per_second=case.events.consumer_per_second,
    )


def _event_bytes(case: UseCaseFigures, days: float) -> float:
    if not case.events:
        return 0
    return capacity.event_bytes(
        per_second=case.events.per_second, event_size=case.events.bytes, seconds=days * 86_400
    )


def _table_bytes(case: UseCaseFigures) -> int:
    if not case.data:
        return 0
    return capacity.table_bytes(
        rows=case.data.rows, features=case.data.features, bytes_per_value=case.data.bytes_per_value
    )


def _lake_bytes(case: UseCaseFigures) -> float:
    return _event_bytes(case, case.retention_days) + _table_bytes(case)


def _checkpoint_bytes(case: UseCaseFigures) -> int:
    if not case.training or not case.model_parameters:
        return 0
    return case.training.kept_checkpoints * capacity.checkpoint_bytes(parameters=case.model_parameters)


def _s3_bytes_per_month(case: UseCaseFigures) -> float:
    """Events are written once; each training run reads its table once and writes its checkpoints."""
    written = _event_bytes(case, DAYS_PER_MONTH)
    if not case.training:
        return written
    runs = case.training.hours_per_month / case.training.run_hours
    read = runs * _table_bytes(case)
    if not case.model_parameters:
        return written + read
    checkpoints = case.training.hours_per_month * 60 / case.training.checkpoint_interval_minutes
    return written + read + checkpoints * capacity.checkpoint_bytes(parameters=case.model_parameters)


def _gib(size_bytes: float) -> int:
    return math.ceil(size_bytes / 2**30)
