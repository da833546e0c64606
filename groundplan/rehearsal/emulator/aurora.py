"""Aurora as RDS describes it, where moto 5.2.5 describes something else."""

from __future__ import annotations

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
