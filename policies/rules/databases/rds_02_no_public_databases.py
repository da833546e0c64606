"""RDS-02: databases have no public addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity


def check(database: Resource, context: Context) -> Iterator[Finding]:
    """No public address."""
    del context
    if database.view.flag("publiclyAccessible"):
        yield Finding(path="publiclyAccessible", message="has a public address")


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Take the address away; clients in the VPC stay connected."""
    del context
    return {**properties, "publiclyAccessible": False}


RULE = Rule(
    id="RDS-02",
    title="Databases cannot be reached from the internet.",
    severity=Severity.CRITICAL,
    why="A database on the internet is one password away from everybody.",
    remediation="Set publicly_accessible=False, and use the isolated subnets.",
    frameworks={
        Framework.CIS_AWS: ("2.2.3",),
        Framework.HIPAA: ("164.312(a)(1)",),
        Framework.SOC2: ("CC6.6",),
        Framework.PCI_DSS: (
            "1.4.2",
            "1.4.4",
        ),
        Framework.NIST: ("SC-7",),
    },
    equivalents=(
        "CKV_AWS_17",
        "FSBP RDS.2",
        "prowler:rds_instance_no_public_access",
    ),
    enforcement=ALWAYS,
    types=(
        "aws:rds/cluster:Cluster",
        "aws:rds/instance:Instance",
        "aws:rds/clusterInstance:ClusterInstance",
    ),
    check=check,
    rewrite=rewrite,
)
