"""VPC-11: what holds data is in subnets that the internet cannot reach."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.routes import private_only
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity


def check(store: Resource, context: Context) -> Iterator[Finding]:
    """All subnets are of this stack, and none has a route to an internet gateway."""
    yield from private_only(store, context.stack)


RULE = Rule(
    id="VPC-11",
    title="Databases, caches and file systems are in subnets without a route to the internet.",
    severity=Severity.HIGH,
    why="A store in a public subnet is one wrong security group away from everybody.",
    remediation="Give them the isolated subnets of infra/aws/network.py.",
    frameworks={
        Framework.CIS_AWS: ("2.2.3",),
        Framework.HIPAA: ("164.312(a)(1)",),
        Framework.SOC2: ("CC6.6",),
        Framework.PCI_DSS: ("1.4.2",),
        Framework.NIST: ("SC-7",),
    },
    equivalents=(
        "CKV_AWS_323",
        "FSBP ElastiCache.7",
        "FSBP RDS.46",
        "prowler:elasticache_cluster_uses_public_subnet",
    ),
    enforcement=ALWAYS,
    types=(
        "aws:elasticache/subnetGroup:SubnetGroup",
        "aws:fsx/lustreFileSystem:LustreFileSystem",
        "aws:rds/subnetGroup:SubnetGroup",
    ),
    check=check,
    needs_stack=True,
)
