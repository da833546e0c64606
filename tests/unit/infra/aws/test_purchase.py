"""Tests of how the nodes of pools are bought."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tests.unit.infra.recording import Recording, dev_config, dev_estate, dev_settings, record, sleepless
from tests.unit.infra.recording import run_program as run

GROUP = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
POOL = "groundplan-dev-gpu"
RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"
BLOCK = {
    "reservation_id": "cr-0123456789abcdef0",
    "starts": "2027-03-01T11:30:00Z",
    "ends": "2027-03-03T11:30:00Z",
}


@cache
def _bought(option: str, *, efa: bool = False) -> Recording:
    """The dev estate with its pool bought in some way, in one zone."""
    purchase: dict[str, Any] = {"option": option}
    if option == "capacity-block":
        purchase["capacity_block"] = BLOCK
    if option == "spot":
        purchase["fallback_types"] = ["g6e.12xlarge", "g5.12xlarge"]
    platform = dev_config()["groundplan:platform"]
    if efa:
        vision = platform["tenants"]["vision"]
        vision["training"] |= {"nodes": 2, "gpus_per_node": 4}
        vision["inference"]["replicas"]["max"] = 16
    pool = platform["gpu_pools"]["gpu"] | {
        "zone": "eu-central-1b",
        "efa": efa,
        "purchase": purchase,
        "nodes": {"min": 0, "desired": 0, "max": 6},
    }
    return record(
        lambda: run(
            dev_settings(gpu_pools={"gpu": pool}, tenants=platform["tenants"], operations=sleepless())
        )
    )


def test_on_demand_is_the_default() -> None:
    """Nothing is reserved, and the template names no market."""
    assert dev_estate().one(GROUP, POOL).inputs["capacityType"] == "ON_DEMAND"
    assert not dev_estate().of(RESERVATION)
    assert not {"instanceMarketOptions", "capacityReservationSpecification", "instanceType"} & set(
        dev_estate().one(TEMPLATE, POOL).inputs
    )


def test_spot_falls_back_to_other_types() -> None:
    """Spot takes whichever there is; each has as many GPUs."""
    group = _bought("spot").one(GROUP, POOL).inputs
    assert group["capacityType"] == "SPOT"
    assert group["instanceTypes"] == ["g6.12xlarge", "g6e.12xlarge", "g5.12xlarge"]


def test_reserved_nodes_come_out_of_a_reservation_of_their_own() -> None:
    """For the largest size of the pool, in its zone; no other launch gets it, and the pool gets no other."""
    estate = _bought("reserved")
    reservation = estate.one(RESERVATION).inputs
    assert reservation["availabilityZone"] == "eu-central-1b"
    assert (reservation["instanceType"], reservation["instanceCount"]) == ("g6.12xlarge", 6)
    assert reservation["instanceMatchCriteria"] == "targeted"
    assert "placementGroupArn" not in reservation
    target = estate.one(TEMPLATE, POOL).inputs["capacityReservationSpecification"][
        "capacityReservationTarget"
    ]
    assert target == {"capacityReservationId": "groundplan-dev-gpu-id"}
    assert estate.one(GROUP, POOL).inputs["capacityType"] == "ON_DEMAND"


def test_a_reservation_is_made_where_the_nodes_are_placed() -> None:
    """One outside of a placement group holds nothing for launches into the group."""
    estate = _bought("reserved", efa=True)
    group = "arn:of:aws:ec2/placementGroup:PlacementGroup:groundplan-dev-gpu"
    assert estate.one(RESERVATION).inputs["placementGroupArn"] == group


@pytest.mark.parametrize("efa", [False, True])
def test_a_capacity_block_is_named_in_the_template(efa: bool) -> None:
    """With market and type, as EKS wants it; its nodes are near each other without a placement group."""
    estate = _bought("capacity-block", efa=efa)
    template, group = estate.one(TEMPLATE, POOL).inputs, estate.one(GROUP, POOL).inputs
    assert template["instanceMarketOptions"] == {"marketType": "capacity-block"}
    assert template["instanceType"] == "g6.12xlarge"
    assert template["capacityReservationSpecification"] == {
        "capacityReservationTarget": {"capacityReservationId": BLOCK["reservation_id"]}
    }
    assert group["capacityType"] == "CAPACITY_BLOCK"
    assert "instanceTypes" not in group
    assert group["scalingConfig"] == {"minSize": 0, "desiredSize": 0, "maxSize": 6}
    assert not estate.of("aws:ec2/placementGroup:PlacementGroup")
    assert not estate.of(RESERVATION)
    assert ("networkInterfaces" in template) is efa
