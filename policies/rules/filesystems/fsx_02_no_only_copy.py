"""FSX-02: a file system holds no data that is nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

LINK = "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation"


def check(system: Resource, context: Context) -> Iterator[Finding]:
    """It shows what is in a bucket, or it is backed up. FSx does not back up one that is linked."""
    links = context.stack.referring(system, LINK, "fileSystemId")
    linked = any(link.view.text("dataRepositoryPath").startswith("s3://") for link in links)
    if not linked and system.view.number("automaticBackupRetentionDays") < 1:
        path = "automaticBackupRetentionDays"
        yield Finding(path=path, message="neither linked to a bucket nor backed up", key="copy")


RULE = Rule(
    id="FSX-02",
    title="File systems are linked to a bucket, or backed up.",
    severity=Severity.MEDIUM,
    why=(
        "What only a file system near the GPUs holds is lost with its disks, or with a settings change "
        "that replaces it."
    ),
    remediation="Add a DataRepositoryAssociation, or set automatic_backup_retention_days.",
    frameworks={
        Framework.HIPAA: ("164.308(a)(7)(ii)(A)",),
        Framework.SOC2: ("A1.2",),
        Framework.NIST: ("CP-9",),
    },
    enforcement=FROM_STAGING,
    types=("aws:fsx/lustreFileSystem:LustreFileSystem",),
    check=check,
    needs_stack=True,
)
