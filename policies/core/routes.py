"""Which subnets the internet can reach: those whose route table leads to an internet gateway."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource, Stack
from policies.core.rule import Finding
from policies.core.values import View

SUBNET = "aws:ec2/subnet:Subnet"
_GATEWAY = "aws:ec2/internetGateway:InternetGateway"
_ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
_TABLE = "aws:ec2/routeTable:RouteTable"
_ROUTE = "aws:ec2/route:Route"


def is_public(subnet: Resource, stack: Stack) -> bool:
    """Whether a route table of the subnet has a route to an internet gateway."""
    return any(
        _leads_out(table, stack)
        for association in stack.referring(subnet, _ASSOCIATION, "subnetId")
        for table in stack.referred(association, "routeTableId", _TABLE)
    )


def private_only(resource: Resource, stack: Stack) -> Iterator[Finding]:
    """That all subnets of a resource are of this stack, and none has a route to an internet gateway."""
    subnets = stack.referred(resource, "subnetIds", SUBNET)
    if not subnets:
        message = "names no subnet of this stack: whether they are private cannot be told"
        yield Finding(path="subnetIds", message=message, key="none")
    for subnet in subnets:
        if is_public(subnet, stack):
            message = f"{subnet.name} has a route to an internet gateway"
            yield Finding(path="subnetIds", message=message, key=subnet.name)


def _leads_out(table: Resource, stack: Stack) -> bool:
    if stack.referred(table, "routes", _GATEWAY) or any(
        _names_gateway(route) for route in table.view.objects("routes")
    ):
        return True
    return any(
        stack.referred(route, "gatewayId", _GATEWAY) or _names_gateway(route.view)
        for route in stack.referring(table, _ROUTE, "routeTableId")
    )


def _names_gateway(route: View) -> bool:
    return route.text("gatewayId").startswith("igw-")
