"""BAK-02: plans back something up, and keep it as long as the vault's lock wants."""

from __future__ import annotations

import math
from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

VAULT = "aws:backup/vault:Vault"
LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
SELECTION = "aws:backup/selection:Selection"


def check(plan: Resource, context: Context) -> Iterator[Finding]:
    """A selection; and no backup or copy with a shorter life than the longest lock of its vaults."""
    stack = context.stack
    if not stack.referring(plan, SELECTION, "planId"):
        yield Finding(path="", message="selects nothing", key="selection")
    locks = [
        lock.view.number("minRetentionDays")
        for vault in stack.referred(plan, "rules", VAULT)
        for lock in stack.referring(vault, LOCK, "backupVaultName", by=("name",))
    ]
    for rule in plan.view.objects("rules"):
        for backup in (rule, *rule.objects("copyActions")):
            days = backup.number("lifecycle.deleteAfter", math.inf)
            if days < max(locks, default=1):
                path = backup.where("lifecycle.deleteAfter")
                yield Finding(path=path, message="the vault's lock refuses so short a life", key=backup.path)


RULE = Rule(
    id="BAK-02",
    title="Plans of backups select something, and keep it for at least as long as the vault's lock.",
    severity=Severity.HIGH,
    why=(
        "AWS Backup fails every job whose backup would end before the vault's shortest retention: there is"
        " none then."
    ),
    remediation="Raise backup_days and the days of copies to the vault's lock_days, and add a Selection.",
    frameworks={
        Framework.HIPAA: ("164.308(a)(7)(ii)(A)",),
        Framework.GDPR: ("32",),
        Framework.SOC2: ("A1.2",),
        Framework.NIST: ("CP-9",),
    },
    enforcement=FROM_STAGING,
    types=("aws:backup/plan:Plan",),
    check=check,
    needs_stack=True,
)
