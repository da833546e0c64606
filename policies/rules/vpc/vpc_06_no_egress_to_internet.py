"""VPC-06: security groups name where their members may connect to."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import IN_PROD, Context, Finding, Framework, Rule, Severity
from policies.rules.vpc._openings import OUTWARD, world_openings


def check(group: Resource, context: Context) -> Iterator[Finding]:
    """No rule for egress has the internet on its other side, on whatever port."""
    del context
    for opening in world_openings(group, "egress"):
        yield Finding(
            path=opening.path, message="lets members connect to the whole internet", key=opening.path
        )


RULE = Rule(
    id="VPC-06",
    title="No security group lets its members connect to the whole internet.",
    severity=Severity.HIGH,
    why="Weights and data leave by the same door as the malware that takes them.",
    remediation="Name ranges, prefix lists or groups; AWS services are reached by VPC endpoints.",
    frameworks={Framework.SOC2: ("CC6.6",), Framework.PCI_DSS: ("1.3.2",), Framework.NIST: ("SC-7",)},
    equivalents=("CKV_AWS_382",),
    enforcement=IN_PROD,
    types=OUTWARD,
    check=check,
)
