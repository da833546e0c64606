"""RDS-01: databases are encrypted with a key of ours."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity


def check(database: Resource, context: Context) -> Iterator[Finding]:
    """Encrypted, and by a key that is named."""
    del context
    if not database.view.flag("storageEncrypted"):
        yield Finding(path="storageEncrypted", message="the storage is not encrypted", key="off")
    if not database.view.named("kmsKeyId"):
        yield Finding(path="kmsKeyId", message="no key of the account's own is named", key="key")


RULE = Rule(
    id="RDS-01",
    title="Databases are encrypted with a key of the account's own.",
    severity=Severity.HIGH,
    why="Snapshots and disks of the database are readable to whoever gets hold of them.",
    remediation=(
        "Set storage_encrypted=True and kms_key_id; a database that exists has to be restored into a new one."
    ),
    frameworks={
        Framework.CIS_AWS: ("2.2.1",),
        Framework.HIPAA: ("164.312(a)(2)(iv)",),
        Framework.GDPR: ("32",),
        Framework.SOC2: ("C1.1",),
        Framework.PCI_DSS: ("3.5.1",),
        Framework.NIST: ("SC-28",),
    },
    equivalents=(
        "CKV_AWS_16",
        "CKV_AWS_96",
        "CKV_AWS_327",
        "FSBP RDS.3",
        "FSBP RDS.27",
        "prowler:rds_instance_storage_encrypted",
        "prowler:rds_cluster_storage_encrypted",
    ),
    enforcement=ALWAYS,
    types=(
        "aws:rds/cluster:Cluster",
        "aws:rds/instance:Instance",
    ),
    check=check,
)
