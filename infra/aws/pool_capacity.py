"""Where the nodes of a pool come from: what a launch template and a node group say about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import pulumi
from pulumi import Input
from pulumi_aws.ec2.capacity_reservation import CapacityReservation

if TYPE_CHECKING:
    from pulumi_aws.ec2 import (
        LaunchTemplateCapacityReservationSpecificationArgsDict,
        LaunchTemplateInstanceMarketOptionsArgsDict,
    )

_CAPACITY_TYPES = MappingProxyType({"spot": "SPOT", "capacity-block": "CAPACITY_BLOCK"})


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """How nodes are bought.

    Args:
        option: `on-demand`, `spot`, `reserved` or `capacity-block`.
        fallback_types: instance types that spot takes instead.
        zone: the one zone of a reservation.
        block_id: capacity reservation of the block.
    """

    option: str = "on-demand"
    fallback_types: Sequence[str] = ()
    zone: str | None = None
    block_id: str | None = None

    @property
    def capacity_type(self) -> str:
        """As EKS names it: reserved nodes are on demand, only that the demand is met."""
        return _CAPACITY_TYPES.get(self.option, "ON_DEMAND")

    @property
    def is_block(self) -> bool:
        """Whether nodes come out of a Capacity Block."""
        return self.option == "capacity-block"

    @property
    def market_options(self) -> LaunchTemplateInstanceMarketOptionsArgsDict | None:
        """What EC2 wants to hear for a Capacity Block.

        https://docs.aws.amazon.com/eks/latest/userguide/capacity-blocks-mng.html
        """
        return {"market_type": "capacity-block"} if self.is_block else None


def reserve(
    name: str,
    purchase: Purchase,
    *,
    instance_type: str,
    count: int,
    placement_group_arn: Input[str] | None,
    opts: pulumi.ResourceOptions,
) -> Input[str] | None:
    """Id of the reservation that nodes are launched into; None if they are launched into none.

    A block's was bought beforehand. Another one is made, for all nodes that there can be, and paid for until
    it is deleted; only launches that name it get it.
    """
    if purchase.option != "reserved" or purchase.zone is None:
        return purchase.block_id
    return CapacityReservation(
        name,
        availability_zone=purchase.zone,
        instance_type=instance_type,
        instance_platform="Linux/UNIX",
        instance_count=count,
        instance_match_criteria="targeted",
        end_date_type="unlimited",
        placement_group_arn=placement_group_arn,
        tags={"Name": name},
        opts=opts,
    ).id


def reservation_target(
    reservation_id: Input[str] | None,
) -> LaunchTemplateCapacityReservationSpecificationArgsDict | None:
    """What makes a launch template take its instances out of a reservation, or fail."""
    if reservation_id is None:
        return None
    return {"capacity_reservation_target": {"capacity_reservation_id": reservation_id}}
