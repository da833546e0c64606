"""VPC-07: subnets give nobody a public address unasked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity


def check(subnet: Resource, context: Context) -> Iterator[Finding]:
    """Neither of IPv4 nor of IPv6, except in subnets with the tag Exposure=edge."""
    del context
    view = subnet.view
    if view.object("tags").text("Exposure") == "edge":
        return
    for path in ("mapPublicIpOnLaunch", "assignIpv6AddressOnCreation"):
        if view.flag(path):
            yield Finding(path=path, message="machines get a public address unasked", key=path)


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """What runs keeps its address; what is started later gets none."""
    del context
    return {**properties, "mapPublicIpOnLaunch": False, "assignIpv6AddressOnCreation": False}


RULE = Rule(
    id="VPC-07",
    title="Subnets give their machines no public addresses.",
    severity=Severity.HIGH,
    why="A machine with a public address is on the internet before anybody decided it.",
    remediation="Set map_public_ip_on_launch=False; what must be public gets an address of its own.",
    frameworks={Framework.SOC2: ("CC6.6",), Framework.PCI_DSS: ("1.4.2",), Framework.NIST: ("SC-7",)},
    equivalents=(
        "CKV_AWS_130",
        "FSBP EC2.15",
        "prowler:vpc_subnet_no_public_ip_by_default",
    ),
    enforcement=ALWAYS,
    types=("aws:ec2/subnet:Subnet",),
    check=check,
    rewrite=rewrite,
)
