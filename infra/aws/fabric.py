"""What nodes need that train together: interfaces with EFA, a group that lets them talk, and nearness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi import Input, Output
from pulumi_aws.ec2.placement_group import PlacementGroup
from pulumi_aws.vpc.security_group_egress_rule import SecurityGroupEgressRule
from pulumi_aws.vpc.security_group_ingress_rule import SecurityGroupIngressRule

from infra.aws.client_groups import create_group

if TYPE_CHECKING:
    from pulumi_aws.ec2 import LaunchTemplateNetworkInterfaceArgsDict

_ANY = "-1"


@dataclass(frozen=True, kw_only=True)
class Fabric:
    """What a launch template and a reservation need of it; the group is None where nearness is bought."""

    security_group_id: Output[str]
    placement_group: PlacementGroup | None


def create_fabric(
    name: str, vpc_id: Input[str], opts: pulumi.ResourceOptions, *, place: bool = True
) -> Fabric:
    """Create a security group within which all traffic passes, and a placement group.

    The instances of a Capacity Block are close together anyway (EC2's user guide): `place` is False then.
    EFA bypasses the operating system's network stack, and works only between members of one security group
    with both rules: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-start.html
    """
    group_name = f"{name}-efa"
    group = create_group(
        group_name, description="Nodes of one pool among themselves, by EFA", vpc_id=vpc_id, opts=opts
    )
    for rule in (SecurityGroupIngressRule, SecurityGroupEgressRule):
        rule(
            group_name,
            security_group_id=group.id,
            description="All traffic within the group",
            ip_protocol=_ANY,
            referenced_security_group_id=group.id,
            opts=opts,
        )
    placement = (
        PlacementGroup(name, name=name, strategy="cluster", tags={"Name": name}, opts=opts) if place else None
    )
    return Fabric(security_group_id=group.id, placement_group=placement)


def fabric_interfaces(
    count: int, security_group_ids: list[Input[str]]
) -> list[LaunchTemplateNetworkInterfaceArgsDict]:
    """An interface on each network card: the first carries IP as well, the others EFA alone and no address.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-acc-inst-types.html
    """
    return [
        {
            "network_card_index": card,
            "device_index": min(card, 1),
            "interface_type": "efa-only" if card else "efa",
            "security_groups": security_group_ids,
            "delete_on_termination": "true",
        }
        for card in range(count)
    ]
