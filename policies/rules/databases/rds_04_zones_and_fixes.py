"""RDS-04: databases survive a zone, and get fixes."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import IN_PROD, Context, Finding, Framework, Rule, Severity

CLUSTER = "aws:rds/cluster:Cluster"
INSTANCE = "aws:rds/clusterInstance:ClusterInstance"


def check(database: Resource, context: Context) -> Iterator[Finding]:
    """A second instance can take over. AWS raises the minor version, or the program pins one of the list."""
    members = [database]
    if database.type == CLUSTER:
        members = context.stack.referring(database, INSTANCE, "clusterIdentifier", by=("clusterIdentifier",))
        if len(members) < 2:  # noqa: PLR2004 - one writes, one can take over
            yield Finding(path="", message="no second instance can take over", key="zones")
    elif not database.view.flag("multiAz"):
        yield Finding(path="multiAz", message="stands in one zone", key="zones")
    pinned = database.view.text("engineVersion") in context.settings.postgresql_versions
    if not pinned and not all(each.view.flag("autoMinorVersionUpgrade", default=True) for each in members):
        message = "neither a version of the list, nor one that AWS raises"
        yield Finding(path="engineVersion", message=message, key="version")


RULE = Rule(
    id="RDS-04",
    title="Databases stand in two zones at least, and run a version that has its fixes.",
    severity=Severity.MEDIUM,
    why=("A database in one zone is down when the zone is; an old minor version keeps its known flaws."),
    remediation=(
        "Set instances to 2 or more (multi_az for single instances), and pin a version of "
        "postgresql_versions in policies/settings.yaml."
    ),
    frameworks={
        Framework.CIS_AWS: ("2.2.4",),
        Framework.HIPAA: ("164.308(a)(7)(ii)(B)",),
        Framework.SOC2: ("A1.2",),
        Framework.PCI_DSS: ("6.3.3",),
        Framework.NIST: (
            "CP-10",
            "SI-2",
        ),
    },
    equivalents=(
        "CKV_AWS_157",
        "FSBP RDS.5",
        "FSBP RDS.15",
        "prowler:rds_cluster_multi_az",
        "prowler:rds_instance_multi_az",
    ),
    enforcement=IN_PROD,
    types=(
        "aws:rds/cluster:Cluster",
        "aws:rds/instance:Instance",
    ),
    check=check,
    needs_stack=True,
)
