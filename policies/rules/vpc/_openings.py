"""What security groups let through, whichever of the four resources says it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policies.core.networks import is_world
from policies.core.resources import Resource
from policies.core.values import View

GROUP = "aws:ec2/securityGroup:SecurityGroup"
RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
INWARD = (GROUP, RULE, INGRESS)
OUTWARD = (GROUP, RULE, EGRESS)

_ALL = range(65536)
_NO_PORTS = range(0)
_WITH_PORTS = {"tcp", "udp", "6", "17"}


@dataclass(frozen=True, kw_only=True)
class Opening:
    """One rule of a security group that the whole internet is on the other side of.

    Args:
        path: where it stands.
        ports: which it opens; none for ICMP and its like.
        tcp: whether it speaks of TCP and nothing else.
    """

    path: str
    ports: range
    tcp: bool


def world_openings(resource: Resource, direction: str) -> Iterator[Opening]:
    """What a resource opens to the world, or from it.

    Args:
        resource: of one of the types above.
        direction: `ingress` or `egress`.
    """
    view = resource.view
    if resource.type == GROUP:
        for each in view.objects(direction):
            yield from _classic(each)
    elif resource.type == RULE:
        if view.text("type") == direction:
            yield from _classic(view)
    elif any(is_world(each) for each in _given(view, "cidrIpv4", "cidrIpv6")):
        yield _opening(view, view.text("ipProtocol"))


def _classic(view: View) -> Iterator[Opening]:
    if any(is_world(each) for each in (*view.texts("cidrBlocks"), *view.texts("ipv6CidrBlocks"))):
        yield _opening(view, view.text("protocol"))


def _opening(view: View, protocol: str) -> Opening:
    protocol = protocol.lower()
    if protocol in {"-1", "all"}:
        ports = _ALL
    elif protocol in _WITH_PORTS:
        ports = range(int(view.number("fromPort")), int(view.number("toPort", 65535)) + 1)
    else:
        ports = _NO_PORTS
    return Opening(path=view.path, ports=ports, tcp=protocol in {"tcp", "6"})


def _given(view: View, *paths: str) -> list[str]:
    return [value for path in paths if (value := view.text(path))]
