"""Capacity reservations, which we added to moto, and node groups that come out of them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.rehearsal.emulator.checked import checked_client, left
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, Emulated

ASKED = {
    "InstanceType": "p5.48xlarge",
    "InstancePlatform": "Linux/UNIX",
    "AvailabilityZone": "eu-central-1a",
    "InstanceCount": 2,
    "InstanceMatchCriteria": "targeted",
}


def _reserved(aws: Emulated) -> list[str]:
    return [one for one in left(aws, "ec2") if one.startswith("CapacityReservations/")]


def test_a_reservation(aws: Emulated) -> None:
    """Made with tags, found, grown, cancelled: then it is told of, but nothing is held any more."""
    client = checked_client(aws, "ec2")
    tags = [{"ResourceType": "capacity-reservation", "Tags": [{"Key": "Name", "Value": "one"}]}]
    made = client.create_capacity_reservation(**ASKED, TagSpecifications=tags)["CapacityReservation"]
    name = made["CapacityReservationId"]
    assert (made["State"], made["TotalInstanceCount"]) == ("active", 2)
    assert _reserved(aws) == [f"CapacityReservations/{name}"]
    client.modify_capacity_reservation(CapacityReservationId=name, InstanceCount=3)
    [told] = client.describe_capacity_reservations(CapacityReservationIds=[name])["CapacityReservations"]
    assert (told["TotalInstanceCount"], told["EndDateType"]) == (3, "unlimited")
    assert told["Tags"] == [{"Key": "Name", "Value": "one"}]
    client.cancel_capacity_reservation(CapacityReservationId=name)
    [told] = client.describe_capacity_reservations(CapacityReservationIds=[name])["CapacityReservations"]
    assert told["State"] == "cancelled"
    assert _reserved(aws) == []


def test_what_is_wrong_with_a_reservation(aws: Emulated) -> None:
    """A zone that there is not, an id that there is not."""
    client = checked_client(aws, "ec2")
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        client.create_capacity_reservation(**ASKED | {"AvailabilityZone": "eu-central-1z"})
    with pytest.raises(ClientError, match=r"InvalidCapacityReservationId\.NotFound"):
        client.describe_capacity_reservations(CapacityReservationIds=["cr-01234567"])


BLOCK_DATA = {
    "InstanceType": "p5.48xlarge",
    "InstanceMarketOptions": {"MarketType": "capacity-block"},
    "CapacityReservationSpecification": {
        "CapacityReservationTarget": {"CapacityReservationId": "cr-0123456789abcdef0"}
    },
}


@pytest.mark.parametrize("left_out", [None, *BLOCK_DATA])
def test_a_capacity_block_needs_a_template_that_says_so(aws: Emulated, left_out: str | None) -> None:
    """Type, market and reservation: EKS refuses the node group without one of them."""
    cluster = f"block-{str(left_out).lower()}"
    aws.cluster(cluster)
    data: dict[str, Any] = {key: value for key, value in BLOCK_DATA.items() if key != left_out}
    template = aws.client("ec2").create_launch_template(LaunchTemplateName=cluster, LaunchTemplateData=data)
    asked = {
        "clusterName": cluster,
        "nodegroupName": "training",
        "subnets": aws.subnets,
        "nodeRole": f"arn:aws:iam::{ACCOUNT_ID}:role/node",
        "capacityType": "CAPACITY_BLOCK",
        "launchTemplate": {"id": template["LaunchTemplate"]["LaunchTemplateId"], "version": "1"},
        "scalingConfig": {"minSize": 0, "maxSize": 2, "desiredSize": 0},
    }
    if left_out:
        with pytest.raises(ClientError, match="CAPACITY_BLOCK must have"):
            aws.client("eks").create_nodegroup(**asked)
        return
    group = checked_client(aws, "eks").create_nodegroup(**asked)["nodegroup"]
    assert group["capacityType"] == "CAPACITY_BLOCK"
