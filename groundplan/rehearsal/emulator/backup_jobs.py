"""Jobs of AWS Backup: what a plan does when its time comes, as far as Aurora goes.

The emulator keeps no calendar: a POST to `RUN_PLANS` says that it is two o'clock in a region. Whatever is
tagged for a plan's selection is backed up into the plan's vault and copied where its rule says.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote

from moto.backup import urls as backup_urls
from moto.backup.exceptions import InvalidRequestException, ResourceNotFoundException
from moto.backup.models import BackupBackend, backup_backends
from moto.backup.responses import BackupResponse
from moto.rds.models import DBCluster, DBClusterSnapshot, rds_backends
from werkzeug.wrappers import Response

from groundplan.rehearsal.emulator.eks.account import Account, trusts
from groundplan.rehearsal.emulator.patching import add, kept_in, wrap

RUN_PLANS = "/groundplan/run-backup-plans"
"""Path, no API of AWS. The query names the region, and how many seconds ago the hour was."""
_DAY_S = 24 * 60 * 60
_TYPE = "Aurora"

Point = dict[str, Any]


def install() -> None:
    """Let vaults hold recovery points; a second call changes nothing."""
    add(
        BackupResponse,
        list_recovery_points_by_backup_vault=list_recovery_points_by_backup_vault,
        describe_recovery_point=describe_recovery_point,
        delete_recovery_point=delete_recovery_point,
    )
    wrap(BackupBackend, "delete_backup_vault", _keep_full_vault, only_refuses=True)
    paths: dict[str, Any] = backup_urls.url_paths
    for end in ("", "/", "/(?P<point>.+)"):
        paths[f"{{0}}/backup-vaults/(?P<name>[^/]+)/recovery-points{end}$"] = BackupResponse.dispatch


# --- what a vault holds -----------------------------------------------------------------------------
def _points(backend: Any, vault: str) -> dict[str, Point]:
    """Recovery points of a vault, by ARN."""
    backend.describe_backup_vault(vault)  # fails where there is none
    return kept_in(backend, "recovery_points").setdefault(vault, {})


def _asked_vault(response: Any) -> str:
    return unquote(response.path.split("/backup-vaults/")[1].split("/")[0])


def _asked_point(response: Any) -> Point:
    arn = unquote(response.path.split("/recovery-points/")[1].rstrip("/"))
    found = _points(response.backup_backend, _asked_vault(response)).get(arn)
    if found is None:
        raise ResourceNotFoundException(f"There is no recovery point {arn}")
    return found


def list_recovery_points_by_backup_vault(response: Any) -> str:
    """Backup: what a vault holds, of one kind or of one resource where it is asked so."""
    asked = parse_qs(response.parsed_url.query)
    told = [
        point
        for point in _points(response.backup_backend, _asked_vault(response)).values()
        if point["ResourceType"] in asked.get("resourceType", [point["ResourceType"]])
        and point["ResourceArn"] in asked.get("resourceArn", [point["ResourceArn"]])
    ]
    return json.dumps({"RecoveryPoints": told})


def describe_recovery_point(response: Any) -> str:
    """Backup: one recovery point."""
    return json.dumps(_asked_point(response))


def delete_recovery_point(response: Any) -> str:
    """Backup: delete one, and the snapshot that it is; not while its vault is locked for it."""
    point, backend = _asked_point(response), response.backup_backend
    vault = backend.describe_backup_vault(_asked_vault(response))
    if vault.locked and time.time() < point["CreationDate"] + (vault.min_retention_days or 0) * _DAY_S:
        raise InvalidRequestException(
            "Recovery point cannot be deleted: backup vault is configured with a vault lock"
        )
    arn = point["RecoveryPointArn"]
    del _points(backend, vault.backup_vault_name)[arn]
    rds_backends[backend.account_id][backend.region_name].cluster_snapshots.pop(_snapshot_id(arn), None)
    return ""


def _keep_full_vault(original: Any, backend: Any, backup_vault_name: str) -> Any:
    """Backup: a vault that holds something is not deleted."""
    if kept_in(backend, "recovery_points").get(backup_vault_name):
        raise InvalidRequestException("Backup vault cannot be deleted because it contains recovery points.")
    return original(backend, backup_vault_name)


def _snapshot_id(arn: str) -> str:
    return arn.split(":cluster-snapshot:")[1]


# --- what a plan does -------------------------------------------------------------------------------
def run_plans(account_id: str, environ: Mapping[str, Any]) -> Response:
    """It is the hour of every plan of a region: back up and copy; tells the recovery points that it made."""
    asked = {name: values[0] for name, values in parse_qs(str(environ.get("QUERY_STRING", ""))).items()}
    backend, hour = backup_backends[account_id][asked["region"]], time.time() - float(asked.get("age_s", 0))
    made = [
        point
        for plan in backend.plans.values()
        if plan.deletion_date is None
        for selection in kept_in(backend, "selections").get(plan.backup_plan_id, {}).values()
        for point in _run(backend, plan, selection["BackupSelection"], hour)
    ]
    return Response(json.dumps(made), mimetype="application/json")


def _run(backend: Any, plan: Any, selection: Mapping[str, Any], hour: float) -> Iterator[Point]:
    role = Account(backend.account_id, backend.region_name).role(selection["IamRoleArn"])
    if role is None or not trusts(role, "backup.amazonaws.com"):
        return  # as on AWS, where such a job fails
    for rule in plan.backup_plan["Rules"]:
        for cluster in list(rds_backends[backend.account_id][backend.region_name].clusters.values()):
            if not _selected(cluster, selection):
                continue
            origin = {
                "IamRoleArn": selection["IamRoleArn"],
                "CreatedBy": {
                    "BackupPlanId": plan.backup_plan_id,
                    "BackupPlanArn": plan.backup_plan_arn,
                    "BackupPlanVersion": plan.version_id,
                    "BackupRuleId": rule["RuleId"],
                },
                "CreationDate": hour,
            }
            point = _back_up(backend, cluster, rule, origin)
            yield point
            for action in rule.get("CopyActions") or ():
                yield _copy(backend, cluster, point, action)


def _selected(cluster: DBCluster, selection: Mapping[str, Any]) -> bool:
    """Any of a selection's tags will do."""
    tags = {tag["Key"]: tag["Value"] for tag in cluster.tags or []}
    return any(
        tags.get(wanted["ConditionKey"]) == wanted["ConditionValue"]
        for wanted in selection.get("ListOfTags", [])
    )


def _back_up(backend: Any, cluster: DBCluster, rule: Mapping[str, Any], origin: Point) -> Point:
    """Aurora's own snapshot, encrypted with the database's key."""
    name = f"awsbackup:job-{uuid.uuid4()}"
    snapshot = _take(backend.region_name, cluster, name, cluster.kms_key_id, origin)
    return _keep(backend, rule["TargetBackupVaultName"], cluster, snapshot, origin, rule.get("Lifecycle"))


def _copy(backend: Any, cluster: DBCluster, point: Point, action: Mapping[str, Any]) -> Point:
    """A copy is encrypted with the key of the vault it comes into, and is as old as what it copies."""
    _, _, _, region, _, _, vault_name = action["DestinationBackupVaultArn"].split(":")
    there = backup_backends[backend.account_id][region]
    key_arn = there.describe_backup_vault(vault_name).encryption_key_arn
    snapshot = _take(region, cluster, f"awsbackup:copyjob-{uuid.uuid4()}", key_arn, point)
    origin = {name: point[name] for name in ("IamRoleArn", "CreatedBy", "CreationDate")}
    origin["SourceBackupVaultArn"] = point["BackupVaultArn"]
    return _keep(there, vault_name, cluster, snapshot, origin, action.get("Lifecycle"))


def _take(
    region: str, cluster: DBCluster, name: str, key_arn: str | None, origin: Point
) -> DBClusterSnapshot:
    rds = rds_backends[cluster.backend.account_id][region]
    snapshot: Any = DBClusterSnapshot(rds, cluster, name, "awsbackup", kms_key_id=key_arn)
    snapshot.created = datetime.fromtimestamp(origin["CreationDate"], UTC).replace(tzinfo=None)
    rds.cluster_snapshots[name] = snapshot
    return snapshot


def _keep(
    backend: Any,
    vault_name: str,
    cluster: DBCluster,
    snapshot: DBClusterSnapshot,
    origin: Point,
    lifecycle: Mapping[str, int] | None,
) -> Point:
    vault = backend.describe_backup_vault(vault_name)
    point = {
        "RecoveryPointArn": snapshot.db_cluster_snapshot_arn,
        "BackupVaultName": vault_name,
        "BackupVaultArn": vault.backup_vault_arn,
        "ResourceArn": cluster.db_cluster_arn,
        "ResourceName": cluster.db_cluster_identifier,
        "ResourceType": _TYPE,
        "Status": "COMPLETED",
        "CompletionDate": time.time(),
        "EncryptionKeyArn": snapshot.kms_key_id,
        "IsEncrypted": snapshot.kms_key_id is not None,
        **origin,
    }
    days = (lifecycle or {}).get("DeleteAfterDays")
    if days:
        point["Lifecycle"] = {"DeleteAfterDays": days}
        point["CalculatedLifecycle"] = {"DeleteAt": origin["CreationDate"] + days * _DAY_S}
    _points(backend, vault_name)[snapshot.db_cluster_snapshot_arn] = point
    vault.num_of_recovery_points = len(_points(backend, vault_name))
    return point
