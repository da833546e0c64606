"""Tests of pools whose zones lack their instance type: they are refused before anything is registered."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from tests.unit.infra.recording import dev_config, dev_settings, estate_of, record, recovery, run_program

QUOTAS = {
    "account_quotas": {
        "on_demand": {"standard": 5000, "g": 5000, "p": 5000},
        "spot": {"p": 5000, "p5": 5000},
    }
}


def _refused(**platform: Any) -> str:
    """What Pulumi shows; nothing may have reached the engine but its providers."""
    settings = dev_settings(**QUOTAS, **platform)

    async def run() -> str:
        with pytest.raises(pulumi.RunError) as caught:
            await run_program(settings)
        return str(caught.value)

    recording = record(run)
    assert not [each for each in recording.resources if not each.type.startswith("pulumi:providers:")]
    return recording.result


def _gpu_pool(**changes: Any) -> dict[str, Any]:
    return {"gpu": dev_config()["groundplan:platform"]["gpu_pools"]["gpu"] | changes}


def test_a_type_that_the_region_lacks_is_refused() -> None:
    """EC2 has no p5.48xlarge in Frankfurt: the node group would wait for its nodes for ever."""
    shown = _refused(gpu_pools=_gpu_pool(instance_type="p5.48xlarge"))
    assert shown.splitlines() == [
        "stacks/Pulumi.dev.yaml: 1 problem",
        "  groundplan:platform.gpu_pools.gpu.instance_type",
        '    given:   ["p5.48xlarge"]',
        "    problem: EC2 does not offer p5.48xlarge in eu-central-1a, eu-central-1b, eu-central-1c",
        "    allowed: another type, for no zone of the region has it",
        "Next: correct stacks/Pulumi.dev.yaml, then run: pulumi preview --stack dev",
    ]


def test_a_fallback_is_asked_for_too() -> None:
    """It is there for the hour in which the first choice is not."""
    purchase = {"option": "spot", "fallback_types": ["p5en.48xlarge"]}
    shown = _refused(gpu_pools=_gpu_pool(instance_type="p4d.24xlarge", purchase=purchase))
    assert "gpu_pools.gpu.purchase.fallback_types" in shown
    assert "EC2 does not offer p5en.48xlarge" in shown


def test_one_zone_without_the_type_is_named_with_those_that_have_it() -> None:
    """After a loss the pinned zone is another one: Stockholm has p4d.24xlarge in its third only."""
    shown = _refused(
        gpu_pools=_gpu_pool(instance_type="p4d.24xlarge", zone="eu-central-1a"), recovery=recovery()
    )
    assert "groundplan:platform.recovery.availability_zones" in shown
    assert (
        "EC2 does not offer p4d.24xlarge of groundplan:platform.gpu_pools.gpu.instance_type in eu-north-1a"
        in shown
    )
    assert "allowed: it in eu-north-1c" in shown


def test_a_node_group_over_all_zones_needs_its_type_in_each() -> None:
    """It is spread over them, and becomes degraded by the one that cannot start any."""
    shown = _refused(gpu_pools=_gpu_pool(instance_type="g6.12xlarge"), recovery=recovery())
    assert "in eu-north-1c\n" in shown
    assert "allowed: it in eu-north-1a, eu-north-1b" in shown


def test_karpenter_chooses_among_zones_and_types() -> None:
    """One type in one zone is enough: the tried stacks have some that not every zone has."""
    assert estate_of("prod").of("aws:eks/nodeGroup:NodeGroup")
    elastic = {"batch": {"instance_types": ["p5.48xlarge", "p5en.48xlarge"], "max_nodes": 1}}
    assert "groundplan:platform.elastic_pools.batch.instance_types" in _refused(elastic_pools=elastic)
    elastic["batch"]["instance_types"] = ["p5.48xlarge", "p4d.24xlarge"]
    record(lambda: run_program(dev_settings(**QUOTAS, elastic_pools=elastic)))
