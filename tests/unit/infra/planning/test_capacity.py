"""Tests of the formulas of capacity, and of what use cases add up to, against numbers computed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from infra.planning import capacity
from infra.planning.demand import Figures
from infra.planning.estimate import plan_platform

RANKING: dict[str, Any] = {
    "peak_factor": 3,
    "retention_days": 10,
    "model_parameters": 10**9,
    "events": {"per_second": 2000, "bytes": 1200},
    "data": {"rows": 1_000_000, "features": 100},
    "training": {"instance_type": "g6e.48xlarge", "gpus": 16, "hours_per_month": 120, "run_hours": 4},
}
ASSISTANT: dict[str, Any] = {
    "peak_factor": 4,
    "retention_days": 30,
    "serving": {
        "unit": "tokens",
        "per_second": 3000,
        "per_gpu_per_second": 900,
        "instance_type": "g6e.12xlarge",
        "gpus_per_replica": 2,
        "peak_hours_per_day": 6,
    },
}


def _figures(**use_cases: dict[str, Any]) -> Figures:
    return Figures.model_validate({"region": "us-east-1", "use_cases": use_cases})


@pytest.mark.parametrize(("rate", "replicas"), [(1, 2), (1260, 2), (1261, 3), (12_000, 20)])
def test_replicas_hold_the_target_use(rate: float, replicas: int) -> None:
    """One replica is planned for 900 x 0.7 = 630; there are never fewer than two."""
    assert capacity.replicas_for(per_second=rate, per_gpu_per_second=900, gpus_per_replica=1) == replicas


def test_replicas_are_not_split_over_nodes() -> None:
    """Of four GPUs two replicas of two, but only one of three: five replicas take three and five nodes."""
    assert capacity.nodes_for_replicas("g6e.12xlarge", 5, 2) == 3
    assert capacity.nodes_for_replicas("g6e.12xlarge", 5, 3) == 5
    with pytest.raises(ValueError, match=r"g6e\.12xlarge has 4 GPUs, not 8"):
        capacity.nodes_for_replicas("g6e.12xlarge", 5, 8)


def test_nodes_hold_all_training_gpus() -> None:
    """Nine GPUs on nodes of eight are two nodes."""
    assert capacity.nodes_for_training("g6e.48xlarge", 9) == 2


def test_system_nodes_hold_the_ingest_pods() -> None:
    """20 pods x 2 virtual CPUs / 7.2 of a node = 5.6; without pods one node a zone."""
    assert capacity.system_nodes_for(ingest_pods=20) == 6
    assert capacity.system_nodes_for(ingest_pods=0) == 3


def test_bytes() -> None:
    """Two events of ten bytes for three seconds; two rows of three floats; 14 bytes a parameter."""
    assert capacity.event_bytes(per_second=2, event_size=10, seconds=3) == 60
    assert capacity.table_bytes(rows=2, features=3, bytes_per_value=4) == 24
    assert capacity.checkpoint_bytes(parameters=10**9) == 14 * 10**9


def test_forward_passes_on_cpus() -> None:
    """2 x 1e7 x 1,000 = 2e10 FLOP/s are two virtual CPUs of 1e10."""
    assert capacity.inference_vcpus(parameters=10**7, units_per_second=1000) == 2


def test_stream_and_storage_of_a_use_case() -> None:
    """10 days x 2.4 MB/s + 0.4 GB = 2,074 GB = 1,931.6 GiB; three checkpoints of 14 GB = 39.1 GiB."""
    platform = plan_platform(_figures(ranking=RANKING))
    assert platform.streaming is not None
    assert (platform.streaming.brokers, platform.streaming.partitions) == (3, 3)
    assert platform.ingest_pods == 1
    assert platform.lake_gib == 1932
    assert platform.checkpoint_gib == 40


def test_traffic_to_s3() -> None:
    """730 h x 8.64 GB of events, 30 x 0.4 GB read, 240 x 14 GB of checkpoints: 9,679.2 GB = 9,014.5 GiB."""
    assert plan_platform(_figures(ranking=RANKING)).s3_gib_per_month == 9015


def test_pools_of_two_use_cases() -> None:
    """5,400 and 10,800 tokens/s at 1,260 a pod: 5 and 9 pods, 3 and 5 nodes; 2 x 6 h x 30.4 days = 365 h."""
    slow = {**ASSISTANT, "serving": {**ASSISTANT["serving"], "per_second": 5400}, "peak_factor": 2}
    platform = plan_platform(_figures(ranking=RANKING, assistant=slow))
    system, training, serving = platform.pools
    assert (system.name, system.min_nodes, system.max_nodes) == ("system", 3, 3)
    assert (training.name, training.min_nodes, training.max_nodes) == ("ranking-training", 0, 2)
    assert (training.gpus, training.burst_node_hours) == (16, 240)
    assert training.interruption_loss_hours == pytest.approx(0.5)
    assert (serving.min_nodes, serving.max_nodes, serving.pods, serving.gpus) == (3, 5, 9, 20)
    assert serving.burst_node_hours == pytest.approx(365)


def test_nothing_to_stream() -> None:
    """Without events there are no brokers and no ingest pods."""
    platform = plan_platform(_figures(assistant=ASSISTANT))
    assert platform.streaming is None
    assert (platform.ingest_pods, platform.lake_gib, platform.checkpoint_gib) == (0, 0, 0)
