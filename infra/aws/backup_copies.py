"""Copies of backups in a second region: a vault there that is locked like the first one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Output

from infra.aws import key_policies
from infra.aws.account import Account
from infra.aws.backups import create_vault
from infra.aws.keys import create_class_key
from infra.conventions import ComponentType, physical_name, registered

_NAME = "backup-copies"


@dataclass(frozen=True, kw_only=True)
class BackupCopiesArgs:
    """Where copies of backups are kept.

    Args:
        environment: part of every name.
        account: where they are kept; its region is the second one, and so is the provider's.
        administrators: names of the IAM roles that may manage the key, but not decrypt with it.
        lock_days: days during which a copy cannot be deleted.
        protect: refuse to delete key and vault.
    """

    environment: str
    account: Account
    administrators: Sequence[str]
    lock_days: int
    protect: bool


@dataclass(frozen=True, kw_only=True)
class BackupCopiesOutputs:
    """The vault."""

    vault_arn: Output[str]


class BackupCopies(pulumi.ComponentResource):
    """Backups that survive the loss of a region, and of the keys in it."""

    def __init__(self, name: str, args: BackupCopiesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.BACKUP_COPIES, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        vault, _ = create_vault(
            physical_name(args.environment, _NAME),
            key_arn=self._create_key(),
            lock_days=args.lock_days,
            protect=args.protect,
            opts=self._child,
        )
        self.outputs = BackupCopiesOutputs(vault_arn=vault.arn)
        self.register_outputs(registered(self.outputs))

    def _create_key(self) -> Output[str]:
        args = self._args
        return create_class_key(
            _NAME,
            environment=args.environment,
            account=args.account,
            administrators=args.administrators,
            protects="copies of backups",
            use=key_policies.used_for_backups(args.account),
            protect=args.protect,
            opts=self._child,
        )
