"""VPC-03: nobody administers by SSH or RDP from the internet."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.vpc._openings import INWARD, world_openings

PORTS = {"SSH": 22, "RDP": 3389}


def check(group: Resource, context: Context) -> Iterator[Finding]:
    """Neither by IPv4 nor by IPv6, nor within a wider range of ports."""
    del context
    for opening in world_openings(group, "ingress"):
        for name, port in PORTS.items():
            if port in opening.ports:
                message = f"the internet gets to {name}"
                yield Finding(path=opening.path, message=message, key=f"{opening.path} {name}".strip())


RULE = Rule(
    id="VPC-03",
    title="No security group lets the internet in to SSH or RDP.",
    severity=Severity.CRITICAL,
    why="The internet tries passwords and flaws on ports 22 and 3389 within minutes.",
    remediation="Use AWS Systems Manager or a VPN; take the rule away.",
    frameworks={
        Framework.CIS_AWS: (
            "5.3",
            "5.4",
        ),
        Framework.HIPAA: ("164.312(e)(1)",),
        Framework.SOC2: ("CC6.6",),
        Framework.PCI_DSS: (
            "1.3.1",
            "1.4.2",
        ),
        Framework.NIST: ("SC-7",),
    },
    equivalents=(
        "CKV_AWS_24",
        "CKV_AWS_25",
        "FSBP EC2.13",
        "FSBP EC2.14",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_22",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_3389",
    ),
    enforcement=ALWAYS,
    types=INWARD,
    check=check,
)
