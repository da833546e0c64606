"""Tests of the subnet plan: properties that hold for every range, and one plan to look at."""

from __future__ import annotations

import random
from ipaddress import IPv4Network
from itertools import combinations

import pytest

from infra.planning.subnets import (
    LARGEST_PREFIX,
    PRIVATE_RANGES,
    SHARED_ADDRESS_SPACE,
    SMALLEST_PREFIX,
    plan_subnets,
)

ZONES = ("eu-central-1a", "eu-central-1b", "eu-central-1c")


def _any_ranges() -> list[IPv4Network]:
    """Ranges of each allowed size, at random places of private space; the same in every run."""
    chance = random.Random(7)  # noqa: S311 - test data
    return [
        IPv4Network(
            (int(private.network_address) + chance.randrange(private.num_addresses), prefix), strict=False
        )
        for private in PRIVATE_RANGES
        for prefix in range(LARGEST_PREFIX, SMALLEST_PREFIX + 1)
        for _ in range(5)
    ]


any_range = pytest.mark.parametrize("vpc_range", _any_ranges(), ids=str)


@any_range
def test_subnets_fill_the_range_without_overlap(vpc_range: IPv4Network) -> None:
    """Every address belongs to exactly one subnet or to the reserve."""
    plan = plan_subnets(vpc_range, ZONES)
    subnets = [subnet.address_range for subnet in (*plan.public, *plan.private, *plan.isolated)]
    everything = [*subnets, *plan.reserve]
    assert not [pair for pair in combinations(everything, 2) if pair[0].overlaps(pair[1])]
    assert all(part.subnet_of(vpc_range) for part in everything)
    assert sum(part.num_addresses for part in everything) == vpc_range.num_addresses


@any_range
def test_each_kind_has_one_equal_subnet_per_zone(vpc_range: IPv4Network) -> None:
    """No zone is smaller than another, and the zones keep their order."""
    plan = plan_subnets(vpc_range, ZONES)
    for kind in (plan.public, plan.private, plan.pods, plan.isolated):
        assert tuple(subnet.zone for subnet in kind) == ZONES
        assert len({subnet.address_range.prefixlen for subnet in kind}) == 1


@any_range
def test_nodes_get_most_of_the_range(vpc_range: IPv4Network) -> None:
    """Three quarters are private; the smallest subnet is one that AWS accepts (/28)."""
    plan = plan_subnets(vpc_range, ZONES)
    private = sum(subnet.address_range.num_addresses for subnet in plan.private)
    assert private * 4 == vpc_range.num_addresses * 3
    assert max(subnet.address_range.prefixlen for subnet in (*plan.public, *plan.isolated)) <= 28


@any_range
def test_pods_have_ranges_of_their_own(vpc_range: IPv4Network) -> None:
    """A /16 in each zone, the largest that AWS adds to a VPC, in space that is nobody else's."""
    plan = plan_subnets(vpc_range, ZONES)
    ranges = [subnet.address_range for subnet in plan.pods]
    assert all(one.prefixlen == 16 and one.subnet_of(SHARED_ADDRESS_SPACE) for one in ranges)
    assert not [pair for pair in combinations((vpc_range, *ranges), 2) if pair[0].overlaps(pair[1])]


@any_range
def test_the_plan_is_always_the_same(vpc_range: IPv4Network) -> None:
    """Planning again changes nothing: subnets cannot be moved once they hold something."""
    assert plan_subnets(vpc_range, ZONES) == plan_subnets(vpc_range, list(ZONES))


def test_the_plan_of_the_dev_stack() -> None:
    """One plan, written out."""
    plan = plan_subnets(IPv4Network("10.40.0.0/16"), ZONES)
    assert [str(subnet.address_range) for subnet in plan.private] == [
        "10.40.0.0/18",
        "10.40.64.0/18",
        "10.40.128.0/18",
    ]
    assert [str(subnet.address_range) for subnet in plan.pods] == [
        "100.64.0.0/16",
        "100.65.0.0/16",
        "100.66.0.0/16",
    ]
    assert [str(subnet.address_range) for subnet in plan.public] == [
        "10.40.192.0/21",
        "10.40.200.0/21",
        "10.40.208.0/21",
    ]
    assert [str(subnet.address_range) for subnet in plan.isolated] == [
        "10.40.216.0/21",
        "10.40.224.0/21",
        "10.40.232.0/21",
    ]
    assert [str(part) for part in plan.reserve] == ["10.40.240.0/21", "10.40.248.0/21"]


@pytest.mark.parametrize(
    ("vpc_range", "zones", "message"),
    [
        ("10.0.0.0/21", ZONES, "from /16 to /20"),
        ("10.0.0.0/15", ZONES, "from /16 to /20"),
        ("10.0.0.0/16", ZONES[:2], "needs 3 different zones"),
        ("10.0.0.0/16", (ZONES[0], ZONES[0], ZONES[1]), "needs 3 different zones"),
        ("10.0.0.0/16", (), "got none"),
    ],
)
def test_what_cannot_be_planned_is_refused(vpc_range: str, zones: tuple[str, ...], message: str) -> None:
    """Wrong sizes and wrong zones are errors, not odd plans."""
    with pytest.raises(ValueError, match=message):
        plan_subnets(IPv4Network(vpc_range), zones)
