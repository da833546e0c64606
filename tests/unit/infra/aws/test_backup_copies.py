"""Tests of the copies of backups in a second region."""

from __future__ import annotations

from tests.unit.infra.recording import dev_estate, guarded_estate

ESTATE = guarded_estate()
NAME = "groundplan-dev-backup-copies"


def test_each_backup_is_copied_to_the_second_region() -> None:
    """The plan's rule names the vault there, and how long a copy is kept."""
    (rule,) = ESTATE.one("aws:backup/plan:Plan").inputs["rules"]
    assert rule["copyActions"] == [
        {"destinationVaultArn": f"arn:of:aws:backup/vault:Vault:{NAME}", "lifecycle": {"deleteAfter": 35}}
    ]


def test_the_vault_of_copies_is_locked_and_has_a_key_of_its_region() -> None:
    """Losing a region, or its keys, does not cost both; use is through services of that region only."""
    vault = ESTATE.one("aws:backup/vault:Vault", NAME)
    assert (vault.protect, vault.inputs["forceDestroy"]) == (True, False)
    assert vault.inputs["kmsKeyArn"] == f"arn:of:aws:kms/key:Key:{NAME}"
    lock = ESTATE.one("aws:backup/vaultLockConfiguration:VaultLockConfiguration", NAME)
    assert lock.inputs["minRetentionDays"] == 1
    statements = {one["Sid"]: one for one in ESTATE.one("aws:kms/key:Key", NAME).document()}
    for name, service in (
        ("UseThroughBackup", "backup"),
        ("GrantThroughBackup", "backup"),
        ("UseThroughRds", "rds"),
        ("GrantThroughRds", "rds"),
        ("ListGrantsThroughRds", "rds"),
    ):
        via = statements[name]["Condition"]["StringEquals"]["kms:ViaService"]
        assert via == f"{service}.eu-north-1.amazonaws.com"


def test_a_database_can_begin_with_a_copy() -> None:
    """RDS decrypts it for whoever restores: without that, copies would be of no use."""
    statements = {one["Sid"]: one for one in ESTATE.one("aws:kms/key:Key", NAME).document()}
    assert {"kms:Decrypt", "kms:DescribeKey"} <= set(statements["UseThroughRds"]["Action"])


def test_there_are_no_copies_without_the_setting() -> None:
    """The plan then names one vault only."""
    (rule,) = dev_estate().one("aws:backup/plan:Plan").inputs["rules"]
    assert "copyActions" not in rule
    assert len(dev_estate().of("aws:backup/vault:Vault")) == 1
