"""RDS-03: databases can be brought back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

MIN_DAYS = 7


def check(database: Resource, context: Context) -> Iterator[Finding]:
    """Backups everywhere; protection where data is meant to stay."""
    view = database.view
    if view.number("backupRetentionPeriod") < MIN_DAYS:
        yield Finding(path="backupRetentionPeriod", message=f"less than {MIN_DAYS} days", key="backups")
    if not view.flag("copyTagsToSnapshot"):
        yield Finding(path="copyTagsToSnapshot", message="snapshots lose owner and data class", key="tags")
    if context.environment in {"dev", "staging"}:
        return
    if not view.flag("deletionProtection"):
        yield Finding(path="deletionProtection", message="can be deleted by mistake", key="protection")
    if view.flag("skipFinalSnapshot"):
        yield Finding(path="skipFinalSnapshot", message="is deleted without a snapshot", key="snapshot")
    elif not view.named("finalSnapshotIdentifier"):
        path = "finalSnapshotIdentifier"
        yield Finding(path=path, message="the last snapshot has no name", key="snapshot name")


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Backups and protection; the name of a last snapshot is a decision."""
    days = properties.get("backupRetentionPeriod")
    days = days if isinstance(days, int | float) and days > MIN_DAYS else MIN_DAYS
    kept = {**properties, "backupRetentionPeriod": days, "copyTagsToSnapshot": True}
    if context.environment in {"dev", "staging"}:
        return kept
    return {**kept, "deletionProtection": True, "skipFinalSnapshot": False}


RULE = Rule(
    id="RDS-03",
    title=(
        "Databases are backed up for a week at least; in prod nobody deletes one without a last snapshot."
    ),
    severity=Severity.HIGH,
    why=("The database knows which model is live and which data it was made from; nothing else does."),
    remediation=(
        "Set backup_retention_period to 7 or more and copy_tags_to_snapshot; in prod "
        "deletion_protection and a final snapshot."
    ),
    frameworks={
        Framework.HIPAA: ("164.308(a)(7)(ii)(A)",),
        Framework.GDPR: ("32",),
        Framework.SOC2: ("A1.2",),
        Framework.PCI_DSS: ("10.3.3",),
        Framework.NIST: ("CP-9",),
    },
    equivalents=(
        "CKV_AWS_133",
        "CKV_AWS_293",
        "CKV_AWS_139",
        "FSBP RDS.7",
        "FSBP RDS.8",
        "FSBP RDS.11",
        "prowler:rds_instance_backup_enabled",
        "prowler:rds_cluster_deletion_protection",
        "prowler:rds_cluster_copy_tags_to_snapshots",
    ),
    enforcement=FROM_STAGING,
    types=(
        "aws:rds/cluster:Cluster",
        "aws:rds/instance:Instance",
    ),
    check=check,
    rewrite=rewrite,
)
