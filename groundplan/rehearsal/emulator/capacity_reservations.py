"""Capacity reservations of EC2, which moto 5.2.5 does not have. There is always room for one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses import EC2Response
from moto.moto_api._internal import mock_random

from groundplan.rehearsal.emulator.ec2_things import asked, keep_tags, let_have_tags, with_tags
from groundplan.rehearsal.emulator.patching import add, kept_in

_ID = "CapacityReservationId"
_COPIED = ("EndDate", "PlacementGroupArn")


def install() -> None:
    """Apply all; a second call changes nothing."""
    let_have_tags("cr", "capacity-reservation")
    add(
        EC2Response,
        create_capacity_reservation=create_capacity_reservation,
        describe_capacity_reservations=describe_capacity_reservations,
        modify_capacity_reservation=modify_capacity_reservation,
        cancel_capacity_reservation=cancel_capacity_reservation,
    )


def create_capacity_reservation(response: Any) -> ActionResult:
    """Create one; it is active at once, and its tags are where EC2 keeps all tags."""
    zone, backend = asked(response, "AvailabilityZone"), response.ec2_backend
    if zone not in [one.name for one in backend.describe_availability_zones()]:
        raise EC2ClientError("InvalidParameterValue", f"Invalid availability zone: [{zone}]")
    reservation_id = f"cr-{mock_random.get_random_hex(17)}"
    place = f"{backend.region_name}:{backend.account_id}"
    reservation = {
        "CapacityReservationId": reservation_id,
        "OwnerId": backend.account_id,
        "CapacityReservationArn": f"arn:aws:ec2:{place}:capacity-reservation/{reservation_id}",
        "AvailabilityZone": zone,
        "InstanceType": asked(response, "InstanceType"),
        "InstancePlatform": asked(response, "InstancePlatform"),
        "Tenancy": asked(response, "Tenancy") or "default",
        "TotalInstanceCount": int(asked(response, "InstanceCount")),
        "AvailableInstanceCount": int(asked(response, "InstanceCount")),
        "EbsOptimized": bool(asked(response, "EbsOptimized")),
        "EphemeralStorage": bool(asked(response, "EphemeralStorage")),
        "State": "active",
        "StartDate": datetime.now(UTC),
        "CreateDate": datetime.now(UTC),
        "EndDateType": asked(response, "EndDateType") or "unlimited",
        "InstanceMatchCriteria": asked(response, "InstanceMatchCriteria") or "open",
        "ReservationType": "default",
    } | {name: asked(response, name) for name in _COPIED if asked(response, name)}
    keep_tags(response, reservation_id)
    _reservations(response)[reservation_id] = reservation
    return ActionResult({"CapacityReservation": with_tags(response, reservation, _ID)})


def describe_capacity_reservations(response: Any) -> ActionResult:
    """All, or those that are named; cancelled ones are shown, too, as EC2 does for a while."""
    names = asked(response, "CapacityReservationIds") or list(_reservations(response))
    found = [with_tags(response, _find(response, name), _ID) for name in names]
    return ActionResult({"CapacityReservations": found})


def modify_capacity_reservation(response: Any) -> ActionResult:
    """Change how many instances, who may use them, and until when."""
    reservation = _find(response, asked(response, "CapacityReservationId"))
    count = asked(response, "InstanceCount")
    if count:
        reservation |= {"TotalInstanceCount": int(count), "AvailableInstanceCount": int(count)}
    for name in ("EndDateType", "InstanceMatchCriteria", "EndDate"):
        if asked(response, name):
            reservation[name] = asked(response, name)
    return ActionResult({"Return": True})


def cancel_capacity_reservation(response: Any) -> ActionResult:
    """Give the capacity back."""
    _find(response, asked(response, "CapacityReservationId"))["State"] = "cancelled"
    return ActionResult({"Return": True})


def _reservations(response: Any) -> dict[str, dict[str, Any]]:
    return kept_in(response.ec2_backend, "capacity_reservations")


def _find(response: Any, name: str) -> dict[str, Any]:
    if name not in _reservations(response):
        raise EC2ClientError(
            "InvalidCapacityReservationId.NotFound", f"The capacity reservation '{name}' does not exist"
        )
    return _reservations(response)[name]
