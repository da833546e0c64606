"""Tests of what a plan is refused for, each at its border."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from infra.planning import refusals
from infra.planning.estimate import NodePool
from infra.planning.refusals import Refusal

START = datetime.datetime(2027, 3, 1, 8, tzinfo=datetime.UTC)
END = START + datetime.timedelta(days=1)


def _rules(found: Any) -> list[str]:
    return [refusal.rule for refusal in found]


@pytest.mark.parametrize(
    ("instance_type", "nodes", "efa_interfaces", "rules"),
    [
        ("p5.48xlarge", 2, 0, ["efa-not-requested"]),
        ("p5.48xlarge", 2, 32, []),
        ("p5.48xlarge", 1, 0, []),
        ("g6.xlarge", 2, 0, []),
        ("g6.xlarge", 2, 1, ["efa-not-there"]),
    ],
)
def test_efa(instance_type: str, nodes: int, efa_interfaces: int, rules: list[str]) -> None:
    """EFA counts only between nodes, and only where there is some."""
    found = refusals.refuse_unrequested_efa(
        key="k", instance_type=instance_type, nodes=nodes, efa_interfaces=efa_interfaces
    )
    assert _rules(found) == rules


@pytest.mark.parametrize(
    ("parameters", "unit", "rules"),
    [
        (40_000_000, "rows", ["gpu-for-cpu-model"]),
        (40_000_001, "rows", []),
        (1000, "images", []),
        (None, "rows", []),
    ],
)
def test_gpu_for_a_cpu_model(parameters: int | None, unit: str, rules: list[str]) -> None:
    """2 x 4e7 x 1,000 FLOP/s are eight virtual CPUs: one m7i.2xlarge. Of images nothing is known."""
    found = refusals.refuse_gpu_for_cpu_model(
        key="k", unit=unit, parameters=parameters, peak_per_second=1000, instance_type="g6.xlarge"
    )
    assert _rules(found) == rules


def _pool(instance_type: str, nodes: int, *, capacity_block: bool = False) -> NodePool:
    return NodePool(
        name=instance_type,
        instance_type=instance_type,
        min_nodes=0,
        max_nodes=nodes,
        burst_node_hours=1,
        gpus=0,
        pods=0,
        capacity_block=capacity_block,
    )


def test_quota_of_the_account() -> None:
    """6 x 48 + 4 = 292 virtual CPUs of G; P has a quota of its own, and Capacity Blocks do not count."""
    pools = (
        _pool("g6.12xlarge", 6),
        _pool("g6e.xlarge", 1),
        _pool("p5.48xlarge", 1),
        _pool("p5.48xlarge", 9, capacity_block=True),
        _pool("m7i.2xlarge", 9),
    )
    assert not list(refusals.refuse_above_quota(pools=pools, quotas={"g": 292, "p": 192}))
    assert not list(refusals.refuse_above_quota(pools=pools, quotas={"g": None, "p": None}))
    (refusal,) = refusals.refuse_above_quota(pools=pools, quotas={"g": 291, "p": 192})
    assert refusal.key == "account.g_vcpus"
    assert "292" in refusal.wrong
    assert refusal.allowed.startswith("at least 292")


def _nat(*, endpoint: bool, gateways: int, gib: int) -> list[Refusal]:
    return list(
        refusals.refuse_nat_to_s3(
            s3_gateway_endpoint=endpoint, nat_gateways=gateways, gib_per_month=gib, usd_per_gib=0.045
        )
    )


def test_nat_to_s3() -> None:
    """1,000 GiB x 0.045 USD = 45 USD; no traffic, no NAT or an endpoint cost nothing."""
    (refusal,) = _nat(endpoint=False, gateways=1, gib=1000)
    assert "1,000 GiB" in refusal.wrong
    assert "45 USD" in refusal.wrong
    assert _nat(endpoint=True, gateways=1, gib=1000) == []
    assert _nat(endpoint=False, gateways=0, gib=1000) == []
    assert _nat(endpoint=False, gateways=1, gib=0) == []


def _block(run_hours: float, *, ultraserver: bool = False) -> list[Refusal]:
    return list(
        refusals.refuse_short_block(
            key="k",
            starts=START,
            ends=END,
            ultraserver=ultraserver,
            run_hours=run_hours,
            restart_minutes=15,
        )
    )


def test_block_ends_before_the_last_checkpoint() -> None:
    """Of 24 h 23:20 are left, 22:50 with UltraServers; 23:30 and a start of 0:15 end 25 minutes late."""
    assert (
        refusals.last_checkpoint_deadline(END, ultraserver=False).isoformat() == "2027-03-02T07:20:00+00:00"
    )
    assert _block(23) == []
    (refusal,) = _block(23.5)
    assert refusal.allowed == "an end from 2027-03-02T08:25:00+00:00, or a shorter run"
    assert _rules(_block(23, ultraserver=True)) == ["block-ends-before-last-checkpoint"]


def test_replica_fits_a_node() -> None:
    """Four GPUs are four GPUs."""

    def rules(gpus: int) -> list[str]:
        found = refusals.refuse_oversized_replica(key="k", instance_type="g6.12xlarge", gpus_per_replica=gpus)
        return _rules(found)

    assert rules(4) == []
    assert rules(5) == ["replica-fits-no-node"]
