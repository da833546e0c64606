"""AWS Backup: a locked vault, a daily plan, and the selection of all that is tagged for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi import Input
from pulumi_aws.backup.plan import Plan
from pulumi_aws.backup.selection import Selection
from pulumi_aws.backup.vault import Vault
from pulumi_aws.backup.vault_lock_configuration import VaultLockConfiguration
from pulumi_aws.iam.role import Role
from pulumi_aws.iam.role_policy_attachment import RolePolicyAttachment

from infra.aws.account import Account
from infra.aws.documents import service_trust
from infra.conventions import BACKUP_TAG
from infra.planning.recovery import BACKUP_COMPLETION_MINUTES, BACKUP_START_MINUTES

if TYPE_CHECKING:
    from pulumi_aws.backup import PlanRuleArgsDict

_POLICIES = ("AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForRestores")


@dataclass(frozen=True, kw_only=True)
class Copies:
    """Where each backup is copied to.

    Args:
        vault_arn: a vault in another region.
        days: how long a copy is kept.
    """

    vault_arn: Input[str]
    days: int


def create_vault(
    name: str, *, key_arn: Input[str], lock_days: int, protect: bool, opts: pulumi.ResourceOptions
) -> tuple[Vault, VaultLockConfiguration]:
    """A vault whose backups nobody but a bypass of the lock deletes within `lock_days`."""
    vault = Vault(
        name,
        name=name,
        kms_key_arn=key_arn,
        force_destroy=not protect,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=protect)),
    )
    # Governance mode: the lock can be taken away by who may. Compliance could not be undone after a mistake.
    lock = VaultLockConfiguration(name, backup_vault_name=vault.name, min_retention_days=lock_days, opts=opts)
    return vault, lock


def back_up(
    name: str,
    *,
    account: Account,
    key_arn: Input[str],
    backup_days: int,
    lock_days: int,
    copies: Copies | None,
    protect: bool,
    opts: pulumi.ResourceOptions,
) -> Vault:
    """Back up daily at 02:00 UTC, keep for `backup_days`, and copy each backup where `copies` says."""
    vault, lock = create_vault(name, key_arn=key_arn, lock_days=lock_days, protect=protect, opts=opts)
    rule: PlanRuleArgsDict = {
        "rule_name": "daily",
        "target_vault_name": vault.name,
        "schedule": "cron(0 2 * * ? *)",
        "start_window": BACKUP_START_MINUTES,
        "completion_window": BACKUP_COMPLETION_MINUTES,
        "lifecycle": {"delete_after": backup_days},
    }
    if copies:
        rule["copy_actions"] = [
            {"destination_vault_arn": copies.vault_arn, "lifecycle": {"delete_after": copies.days}}
        ]
    plan = Plan(
        name,
        name=name,
        rules=[rule],
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[lock])),
    )
    role = Role(
        name,
        name=name,
        description="Lets AWS Backup read what it backs up, and restore it",
        assume_role_policy=service_trust(
            "backup.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": account.id}}
        ),
        opts=opts,
    )
    attached = [
        RolePolicyAttachment(
            f"{name}-{policy.rpartition('For')[2].lower()}",
            role=role.name,
            policy_arn=account.managed_policy_arn(f"service-role/{policy}"),
            opts=opts,
        )
        for policy in _POLICIES
    ]
    key, value = BACKUP_TAG
    Selection(
        name,
        name=name,
        plan_id=plan.id,
        iam_role_arn=role.arn,
        selection_tags=[{"type": "STRINGEQUALS", "key": key, "value": value}],
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=attached)),
    )
    return vault
