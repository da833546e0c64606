"""Capacity reservations of EC2, which moto 5.2.5 does not have. There is always room for one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses import EC2Response
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, EC2_RESOURCE_TO_PREFIX, add_tag_specification
from moto.moto_api._internal import mock_random

from groundplan.rehearsal.emulator.patching import add, kept_in

_COPIED = ("EndDate", "PlacementGroupArn")


def install() -> None:
    """Apply all; a second call changes nothing."""
    # What begins with this can have tags.
    EC2_RESOURCE_TO_PREFIX["capacity-reservation"] = "cr"
    EC2_PREFIX_TO_RESOURCE["cr"] = "capacity-reservation"
    add(
        EC2Response,
        create_capacity_reservation=create_capacity_reservation,
        describe_capacity_reservations=describe_capacity_reservations,
        modify_capacity_reservation=modify_capacity_reservation,
        cancel_capacity_reservation=cancel_capacity_reservation,
    )


def create_capacity_reservation(response: Any) -> ActionResult:
    """Create one; it is active at once, and its tags are where EC2 keeps all tags."""
    zone, backend = _asked(response, "AvailabilityZone"), response.ec2_backend
    if zone not in [one.name for one in backend.describe_availability_zones()]:
        raise EC2ClientError("InvalidParameterValue", f"Invalid availability zone: [{zone}]")
    reservation_id = f"cr-{mock_random.get_random_hex(17)}"
    place = f"{backend.region_name}:{backend.account_id}"
    reservation = {
        "CapacityReservationId": reservation_id,
        "OwnerId": backend.account_id,
        "CapacityReservationArn": f"arn:aws:ec2:{place}:capacity-reservation/{reservation_id}",
        "AvailabilityZone": zone,
        "InstanceType": _asked(response, "InstanceType"),
        "InstancePlatform": _asked(response, "InstancePlatform"),
        "Tenancy": _asked(response, "Tenancy") or "default",
        "TotalInstanceCount": int(_asked(response, "InstanceCount")),
        "AvailableInstanceCount": int(_asked(response, "InstanceCount")),
        "EbsOptimized": bool(_asked(response, "EbsOptimized")),
        "EphemeralStorage": bool(_asked(response, "EphemeralStorage")),
        "State": "active",
        "StartDate": datetime.now(UTC),
        "CreateDate": datetime.now(UTC),
        "EndDateType": _asked(response, "EndDateType") or "unlimited",
        "InstanceMatchCriteria": _asked(response, "InstanceMatchCriteria") or "open",
        "ReservationType": "default",
    } | {name: _asked(response, name) for name in _COPIED if _asked(response, name)}
    tags = add_tag_specification(_asked(response, "TagSpecifications") or [])
    if tags:
        backend.create_tags([reservation_id], tags)
    _reservations(response)[reservation_id] = reservation
    return ActionResult({"CapacityReservation": _told(response, reservation)})


def describe_capacity_reservations(response: Any) -> ActionResult:
    """All, or those that are named; cancelled ones are shown, too, as EC2 does for a while."""
    names = _asked(response, "CapacityReservationIds") or list(_reservations(response))
    found = [_told(response, _find(response, name)) for name in names]
    return ActionResult({"CapacityReservations": found})


def modify_capacity_reservation(response: Any) -> ActionResult:
    """Change how many instances, who may use them, and until when."""
    reservation = _find(response, _asked(response, "CapacityReservationId"))
    count = _asked(response, "InstanceCount")
    if count:
        reservation |= {"TotalInstanceCount": int(count), "AvailableInstanceCount": int(count)}
    for name in ("EndDateType", "InstanceMatchCriteria", "EndDate"):
        if _asked(response, name):
            reservation[name] = _asked(response, name)
    return ActionResult({"Return": True})


def cancel_capacity_reservation(response: Any) -> ActionResult:
    """Give the capacity back."""
    _find(response, _asked(response, "CapacityReservationId"))["State"] = "cancelled"
    return ActionResult({"Return": True})


def _reservations(response: Any) -> dict[str, dict[str, Any]]:
    return kept_in(response.ec2_backend, "capacity_reservations")


def _find(response: Any, name: str) -> dict[str, Any]:
    if name not in _reservations(response):
        raise EC2ClientError(
            "InvalidCapacityReservationId.NotFound", f"The capacity reservation '{name}' does not exist"
        )
    return _reservations(response)[name]


def _told(response: Any, reservation: dict[str, Any]) -> dict[str, Any]:
    found = response.ec2_backend.describe_tags(
        filters={"resource-id": [reservation["CapacityReservationId"]]}
    )
    return reservation | {"Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in found]}


def _asked(response: Any, name: str) -> Any:
    return response._get_param(name)  # noqa: SLF001 - how moto's responses read parameters
