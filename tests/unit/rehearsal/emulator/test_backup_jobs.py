"""What a backup plan does when its time comes: recovery points, their copies, and databases that begin so."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from groundplan.rehearsal.recovery.backups import run_backup_plans
from tests.unit.rehearsal.emulator.checked import checked_client
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, REGION, Emulated

AWAY = "eu-west-1"
CLUSTER = {
    "DBClusterIdentifier": "one",
    "Engine": "aurora-postgresql",
    "EngineVersion": "17.5",
    "MasterUsername": "administrator",
    "DatabaseName": "metadata",
    "ManageMasterUserPassword": True,
    "StorageEncrypted": True,
}


def run_plans(aws: Emulated) -> None:
    """It is the hour of the plans."""
    run_backup_plans(aws.emulator.api.local_url, aws.emulator.world.certificate_authority, REGION)


def points(aws: Emulated, region: str, **asked: str) -> list[dict[str, Any]]:
    """What the vault of a region holds."""
    client = checked_client(aws, "backup", region)
    return client.list_recovery_points_by_backup_vault(BackupVaultName="daily", **asked)["RecoveryPoints"]


def _key(aws: Emulated, region: str) -> str:
    return aws.client("kms", region=region).create_key()["KeyMetadata"]["Arn"]


@pytest.fixture(scope="module")
def backed_up(aws: Emulated) -> Emulated:
    """Two databases, one of them tagged, after the hour of a plan that copies into a locked vault."""
    keys = {
        region: aws.client("kms", region=region).create_key()["KeyMetadata"]["Arn"]
        for region in (REGION, AWAY)
    }
    for region, key in keys.items():
        backup = aws.client("backup", region=region)
        backup.create_backup_vault(BackupVaultName="daily", EncryptionKeyArn=key)
    aws.client("backup", region=AWAY).put_backup_vault_lock_configuration(
        BackupVaultName="daily", MinRetentionDays=7
    )
    vault = f"arn:aws:backup:{AWAY}:{ACCOUNT_ID}:backup-vault:daily"
    rule = {
        "RuleName": "daily",
        "TargetBackupVaultName": "daily",
        "CopyActions": [{"DestinationBackupVaultArn": vault, "Lifecycle": {"DeleteAfterDays": 35}}],
    }
    backup = aws.client("backup")
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": "daily", "Rules": [rule]})["BackupPlanId"]
    tag = {"ConditionType": "STRINGEQUALS", "ConditionKey": "Backup", "ConditionValue": "daily"}
    role = aws.role("backup", "backup.amazonaws.com")
    selection = {"SelectionName": "tagged", "IamRoleArn": role, "ListOfTags": [tag]}
    backup.create_backup_selection(BackupPlanId=plan, BackupSelection=selection)
    rds = aws.client("rds")
    rds.create_db_cluster(**CLUSTER, KmsKeyId=keys[REGION], Tags=[{"Key": "Backup", "Value": "daily"}])
    rds.create_db_cluster(**CLUSTER | {"DBClusterIdentifier": "untagged"}, KmsKeyId=keys[REGION])
    run_plans(aws)
    return aws


def test_what_is_tagged_is_backed_up_and_copied(backed_up: Emulated) -> None:
    """The copy is as old as the backup, encrypted with the vault's key there, and kept as the rule says."""
    [point], [copy] = points(backed_up, REGION), points(backed_up, AWAY)
    assert point["ResourceArn"] == copy["ResourceArn"] == f"arn:aws:rds:{REGION}:{ACCOUNT_ID}:cluster:one"
    assert (point["CreationDate"], point["BackupVaultArn"]) == (
        copy["CreationDate"],
        copy["SourceBackupVaultArn"],
    )
    assert copy["EncryptionKeyArn"].startswith(f"arn:aws:kms:{AWAY}:")
    assert (copy["CalculatedLifecycle"]["DeleteAt"] - copy["CreationDate"]).days == 35
    assert points(backed_up, AWAY, ByResourceType="EC2") == []
    assert points(backed_up, AWAY, ByResourceType="Aurora") == [copy]


def test_a_recovery_point_is_described(backed_up: Emulated) -> None:
    """As the list has it; one that is not there is not found."""
    client = checked_client(backed_up, "backup", AWAY)
    [copy] = points(backed_up, AWAY)
    asked = {"BackupVaultName": "daily", "RecoveryPointArn": copy["RecoveryPointArn"]}
    assert client.describe_recovery_point(**asked)["Status"] == "COMPLETED"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.describe_recovery_point(**asked | {"RecoveryPointArn": f"{copy['RecoveryPointArn']}0"})


def test_a_locked_vault_gives_nothing_up(backed_up: Emulated) -> None:
    """Neither a point nor itself; where there is no lock, both go, and the snapshot too."""
    away, home = checked_client(backed_up, "backup", AWAY), checked_client(backed_up, "backup")
    run_plans(backed_up)
    copy, point = points(backed_up, AWAY)[-1], points(backed_up, REGION)[-1]
    with pytest.raises(ClientError, match="vault lock"):
        away.delete_recovery_point(BackupVaultName="daily", RecoveryPointArn=copy["RecoveryPointArn"])
    with pytest.raises(ClientError, match="contains recovery points"):
        away.delete_backup_vault(BackupVaultName="daily")
    home.delete_recovery_point(BackupVaultName="daily", RecoveryPointArn=point["RecoveryPointArn"])
    name = point["RecoveryPointArn"].partition(":cluster-snapshot:")[2]
    with pytest.raises(ClientError, match="DBClusterSnapshotNotFound"):
        backed_up.client("rds").describe_db_cluster_snapshots(
            DBClusterSnapshotIdentifier=name, SnapshotType="awsbackup"
        )


def test_a_database_begins_with_the_copy(backed_up: Emulated) -> None:
    """Engine and database are the lost one's; zones, key and name are of the region that it is in."""
    [copy, *_] = points(backed_up, AWAY)
    key = _key(backed_up, AWAY)
    rds = backed_up.client("rds", region=AWAY)
    rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier="two",
        SnapshotIdentifier=copy["RecoveryPointArn"],
        Engine="aurora-postgresql",
        KmsKeyId=key,
    )
    [restored] = rds.describe_db_clusters(DBClusterIdentifier="two")["DBClusters"]
    assert (restored["DatabaseName"], restored["EngineVersion"]) == ("metadata", "17.5")
    assert restored["KmsKeyId"] == key
    assert restored["StorageEncrypted"] is True
    assert all(zone.startswith(AWAY) for zone in restored["AvailabilityZones"])


def test_a_snapshot_of_another_region_is_not_found(backed_up: Emulated) -> None:
    """RDS restores within a region: what was not copied cannot be used."""
    [point, *_] = points(backed_up, REGION)
    with pytest.raises(ClientError, match="DBClusterSnapshotNotFound"):
        backed_up.client("rds", region=AWAY).restore_db_cluster_from_snapshot(
            DBClusterIdentifier="three",
            SnapshotIdentifier=point["RecoveryPointArn"],
            Engine="aurora-postgresql",
        )
