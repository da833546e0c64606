"""Divides one VPC range into the subnets of three zones, always in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import islice

ZONE_COUNT = 3
"""EKS' control plane needs two zones; three keep a quorum when one is lost."""
LARGEST_PREFIX = 16
"""AWS allows no VPC larger than a /16."""
SMALLEST_PREFIX = 20
"""In a smaller VPC a private subnet has fewer than 1,000 addresses: few for a zone's nodes."""
PRIVATE_RANGES = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
"""RFC 1918: the ranges that no public host has."""
SHARED_ADDRESS_SPACE = IPv4Network("100.64.0.0/10")
"""RFC 6598: where clusters put pods that are not to take addresses of the VPC."""
_POD_PREFIX = 16
"""The largest range that AWS adds to a VPC: one a zone."""


@dataclass(frozen=True, kw_only=True)
class Subnet:
    """One planned subnet.

    Args:
        zone: availability zone, e.g. `eu-central-1a`.
        address_range: its addresses; part of the VPC's range.
    """

    zone: str
    address_range: IPv4Network


@dataclass(frozen=True, kw_only=True)
class SubnetPlan:
    """All subnets of a VPC; each tuple holds one per zone, in the order of the zones.

    Args:
        public: for NAT gateways and public load balancers only.
        private: for nodes; the internet is reached through NAT.
        pods: for pods, in ranges of their own that are added to the VPC.
        isolated: for data stores and the cluster's own interfaces; no way to or from the internet.
        reserve: what is left for later.
    """

    public: tuple[Subnet, ...]
    private: tuple[Subnet, ...]
    pods: tuple[Subnet, ...]
    isolated: tuple[Subnet, ...]
    reserve: tuple[IPv4Network, ...]


def plan_subnets(vpc_range: IPv4Network, zones: Sequence[str]) -> SubnetPlan:
    """Divide `vpc_range`: a quarter per zone for private subnets, the last quarter in eighths for the rest.

    Three eighths of the last quarter are public, three isolated, two stay free. Pods have a /16 in each zone
    out of the shared address space, which networks outside do not route: they leave the VPC by the address of
    their node.

    Raises:
        ValueError: not three different zones, or a range smaller than /20 or larger than /16.
    """
    if len(set(zones)) != ZONE_COUNT or len(zones) != ZONE_COUNT:
        raise ValueError(f"needs {ZONE_COUNT} different zones, got {', '.join(zones) or 'none'}")
    if not LARGEST_PREFIX <= vpc_range.prefixlen <= SMALLEST_PREFIX:
        raise ValueError(f"{vpc_range} must have a prefix from /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}")
    *quarters, last_quarter = vpc_range.subnets(prefixlen_diff=2)
    eighths = last_quarter.subnets(prefixlen_diff=3)
    public, isolated = list(islice(eighths, ZONE_COUNT)), list(islice(eighths, ZONE_COUNT))
    return SubnetPlan(
        public=_per_zone(zones, public),
        private=_per_zone(zones, quarters),
        pods=_per_zone(zones, list(islice(SHARED_ADDRESS_SPACE.subnets(new_prefix=_POD_PREFIX), ZONE_COUNT))),
        isolated=_per_zone(zones, isolated),
        reserve=tuple(eighths),
    )


def _per_zone(zones: Sequence[str], ranges: Sequence[IPv4Network]) -> tuple[Subnet, ...]:
    return tuple(
        Subnet(zone=zone, address_range=address_range)
        for zone, address_range in zip(zones, ranges, strict=True)
    )
