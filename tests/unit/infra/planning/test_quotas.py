"""Tests of what pools take of EC2's quotas."""

from __future__ import annotations

import pytest

from infra.planning.quotas import Demand, family_of, needed


@pytest.mark.parametrize(
    ("instance_type", "on_demand", "spot"),
    [
        ("g6.12xlarge", "g", "g"),
        ("p4d.24xlarge", "p", "p"),
        ("p5.48xlarge", "p", "p5"),
        ("p5en.48xlarge", "p", "p5"),
        ("m7i.large", "standard", "standard"),
    ],
)
def test_families(instance_type: str, on_demand: str, spot: str) -> None:
    """By the first letter: G, P, and one quota for all the common ones; on spot, P5 is counted apart."""
    assert family_of(instance_type, "on_demand") == on_demand
    assert family_of(instance_type, "spot") == spot


def test_a_pool_may_consist_of_its_largest_type_only() -> None:
    """3 x 192 of G; a pool that falls back to on demand counts in full on both sides."""
    pool = Demand(
        pool="spot",
        instance_types=("g6.xlarge", "g6.48xlarge"),
        nodes=3,
        markets=("spot", "on_demand"),
    )
    system = Demand(pool="system", instance_types=("m7i.large",), nodes=2, markets=("on_demand",))
    assert needed([pool, system], "spot", "g") == (576, ("spot",))
    assert needed([pool, system], "on_demand", "g") == (576, ("spot",))
    assert needed([pool, system], "on_demand", "standard") == (4, ("system",))
    assert needed([pool, system], "on_demand", "p") == (0, ())
