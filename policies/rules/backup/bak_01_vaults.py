"""BAK-01: backups are encrypted with a key of ours, and nobody deletes them early."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"


def check(vault: Resource, context: Context) -> Iterator[Finding]:
    """A key, and a lock with a shortest retention; in prod, no deletion of a vault that holds backups."""
    view = vault.view
    if not view.named("kmsKeyArn"):
        yield Finding(path="kmsKeyArn", message="no key of the account's own is named", key="key")
    locks = context.stack.referring(vault, LOCK, "backupVaultName", by=("name",))
    if not any(lock.view.number("minRetentionDays") >= 1 for lock in locks):
        yield Finding(path="", message="whoever may delete backups may do so at once", key="lock")
    if context.environment not in {"dev", "staging"} and view.flag("forceDestroy"):
        yield Finding(path="forceDestroy", message="goes with all backups in it", key="destroy")


RULE = Rule(
    id="BAK-01",
    title="Vaults of backups are encrypted with a key of the account's own, and locked.",
    severity=Severity.HIGH,
    why="Who breaks in deletes the backups first.",
    remediation=(
        "Set kms_key_arn and a VaultLockConfiguration with min_retention_days; see infra/aws/backups.py."
    ),
    frameworks={
        Framework.HIPAA: ("164.308(a)(7)(ii)(A)", "164.312(a)(2)(iv)"),
        Framework.GDPR: ("32",),
        Framework.SOC2: ("A1.2", "C1.1"),
        Framework.PCI_DSS: ("3.5.1", "10.3.3"),
        Framework.NIST: ("CP-9", "SC-28"),
    },
    equivalents=("CKV_AWS_166", "FSBP Backup.1", "prowler:backup_vaults_encrypted"),
    enforcement=FROM_STAGING,
    types=("aws:backup/vault:Vault",),
    check=check,
    needs_stack=True,
)
