"""The way to networks outside AWS: an attachment to a transit gateway that leads there, and routes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input
from pulumi_aws.ec2.route import Route
from pulumi_aws.ec2.route_table import RouteTable
from pulumi_aws.ec2transitgateway.vpc_attachment import VpcAttachment


@dataclass(frozen=True, kw_only=True)
class TransitGateway:
    """A transit gateway that is there already, in this account or shared with it.

    Args:
        id: e.g. `tgw-0123456789abcdef0`.
        ranges: where it leads.
    """

    id: str
    ranges: Sequence[str]


def connect_on_premises(
    name: str,
    gateway: TransitGateway,
    *,
    vpc_id: Input[str],
    subnet_ids: Sequence[Input[str]],
    tables: Sequence[RouteTable],
    opts: pulumi.ResourceOptions,
) -> None:
    """Attach the VPC, and send what is meant for the gateway's ranges there.

    https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html

    Args:
        name: of the attachment, and what the routes' names begin with.
        gateway: where it leads.
        vpc_id: the network.
        subnet_ids: one in each zone, for the gateway's own interfaces.
        tables: of the subnets whose hosts talk with networks outside.
        opts: options of all resources; they name the parent.
    """
    attachment = VpcAttachment(
        name,
        transit_gateway_id=gateway.id,
        vpc_id=vpc_id,
        subnet_ids=subnet_ids,
        tags={"Name": name},
        opts=opts,
    )
    # EC2 takes no route to a gateway that the VPC is not attached to.
    attached = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[attachment]))
    for table_number, table in enumerate(tables):
        for number, address_range in enumerate(gateway.ranges):
            Route(
                f"{name}-{table_number}-{number}",
                route_table_id=table.id,
                destination_cidr_block=address_range,
                transit_gateway_id=gateway.id,
                opts=attached,
            )
