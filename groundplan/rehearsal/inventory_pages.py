"""How the inventory reads lists, whichever service and region they are of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import MappingProxyType
from typing import Any

EC2_LISTS = MappingProxyType(
    {
        "describe_vpcs": ("Vpcs", "VpcId"),
        "describe_subnets": ("Subnets", "SubnetId"),
        "describe_route_tables": ("RouteTables", "RouteTableId"),
        "describe_internet_gateways": ("InternetGateways", "InternetGatewayId"),
        "describe_egress_only_internet_gateways": (
            "EgressOnlyInternetGateways",
            "EgressOnlyInternetGatewayId",
        ),
        "describe_addresses": ("Addresses", "AllocationId"),
        "describe_network_acls": ("NetworkAcls", "NetworkAclId"),
        "describe_security_groups": ("SecurityGroups", "GroupId"),
        "describe_network_interfaces": ("NetworkInterfaces", "NetworkInterfaceId"),
        "describe_vpc_endpoints": ("VpcEndpoints", "VpcEndpointId"),
        "describe_flow_logs": ("FlowLogs", "FlowLogId"),
        "describe_volumes": ("Volumes", "VolumeId"),
        "describe_launch_templates": ("LaunchTemplates", "LaunchTemplateId"),
        "describe_dhcp_options": ("DhcpOptions", "DhcpOptionsId"),
        "describe_managed_prefix_lists": ("PrefixLists", "PrefixListId"),
        "describe_key_pairs": ("KeyPairs", "KeyPairId"),
        "describe_placement_groups": ("PlacementGroups", "GroupId"),
        "describe_nat_gateways": ("NatGateways", "NatGatewayId"),
        "describe_transit_gateway_vpc_attachments": (
            "TransitGatewayVpcAttachments",
            "TransitGatewayAttachmentId",
        ),
        "describe_capacity_reservations": ("CapacityReservations", "CapacityReservationId"),
    }
)
"""Operation of EC2 that lists things -> where the list is, and what an id is called there."""


def pages(client: Any, operation: str, key: str, **parameters: Any) -> Iterable[Any]:
    """The items of all pages of a list; `key` is where each page has them."""
    if not client.can_paginate(operation):
        return getattr(client, operation)(**parameters)[key]
    return (item for page in client.get_paginator(operation).paginate(**parameters) for item in page[key])


def listed(client: Any, *lists: tuple[str, str, str]) -> Iterator[str]:
    """`KEY/id` of every item of some lists, each an operation, its key, and what an item's id is called."""
    for operation, key, id_key in lists:
        yield from (f"{key}/{item[id_key]}" for item in pages(client, operation, key))


def own_keys(client: Any) -> Iterator[str]:
    """Keys but AWS' own, and those pending deletion: AWS deletes one no sooner than seven days after."""
    for key in pages(client, "list_keys", "Keys"):
        metadata = client.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if metadata["KeyState"] != "PendingDeletion" and metadata.get("KeyManager") != "AWS":
            yield f"Keys/{key['KeyId']}"
