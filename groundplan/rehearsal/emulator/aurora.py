"""Aurora as RDS describes it, where moto 5.2.5 describes something else."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

_FREE_INSIGHTS_DAYS = 7
_MANAGED_ROTATION_DAYS = 7


def describe_cluster(original: Callable[..., Any], cluster: Any, *args: Any, **request: Any) -> None:
    """Storage and parameter group are Aurora's; only the first serverless has a scaling configuration."""
    original(cluster, *args, **request)
    if not cluster.engine.startswith("aurora-"):
        return
    if request.get("storage_type") is None:
        cluster.storage_type = "aurora"
    if request.get("db_cluster_parameter_group_name") is None:
        cluster.parameter_group = f"default.{cluster.engine}{cluster.engine_version.partition('.')[0]}"


def scaling_configuration(cluster: Any) -> dict[str, Any] | None:
    """What the first serverless engine mode has; None for others, where moto tells an empty one."""
    wanted = cluster.scaling_configuration
    return {_camel(name): value for name, value in wanted.items()} if wanted else None


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def describe_instance(original: Callable[..., Any], instance: Any, *args: Any, **request: Any) -> None:
    """Performance Insights, of which moto tells nothing."""
    original(instance, *args, **request)
    enabled = bool(request.get("enable_performance_insights"))
    instance.performance_insights_enabled = enabled
    if enabled:
        instance.performance_insights_kms_key_id = request.get("performance_insights_kms_key_id")
        instance.performance_insights_retention_period = (
            request.get("performance_insights_retention_period") or _FREE_INSIGHTS_DAYS
        )


def rotate_managed_secret(original: Callable[..., Any], managed: Any, kms_key_id: str | None) -> Any:
    """The master password's secret, which RDS changes each week unless it is told otherwise."""
    secret = original(managed, kms_key_id)
    secret.rotation_requested = secret.rotation_enabled = True
    secret.auto_rotate_after_days = _MANAGED_ROTATION_DAYS
    return secret


def restore(_original: Callable[..., Any], backend: Any, from_snapshot_id: str, asked: dict[str, Any]) -> Any:
    """A cluster that begins with a snapshot of this region, named by its ARN too.

    Engine, administrator and database are the snapshot's, all else is what is asked for: no network, key or
    zone is taken over from a cluster that may be in another region.
    """
    name = from_snapshot_id.partition(":cluster-snapshot:")[2] or from_snapshot_id
    snapshot = backend.get_db_cluster_snapshot(name)
    taken = {
        "engine": snapshot.engine,
        "engine_version": snapshot.engine_version,
        "master_username": snapshot.master_username,
        "database_name": snapshot.cluster.database_name,
        "port": snapshot.port,
        "kms_key_id": snapshot.kms_key_id,
        # The administrator's old password, which RDS does not tell anybody.
        "master_user_password": secrets.token_urlsafe(),
    }
    given = {key: value for key, value in asked.items() if value is not None and key != "snapshot_identifier"}
    cluster = backend.create_db_cluster({**taken, **given, "storage_encrypted": snapshot.storage_encrypted})
    cluster.restored_from = snapshot.db_cluster_snapshot_arn
    return cluster
