"""Replication of S3 buckets as moto 5.2.5 leaves it open: whole rules, and what they demand."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.s3.exceptions import ReplicationConfigurationNotFoundError, S3ClientError
from moto.s3.models import S3Backend
from moto.s3.responses import S3Response

from groundplan.rehearsal.emulator import replicating
from groundplan.rehearsal.emulator.patching import wrap


def install() -> None:
    """Apply all amendments; a second call changes nothing."""
    wrap(S3Backend, "put_bucket_replication", _check_versioning)
    wrap(S3Response, "get_bucket_replication", _tell_whole_rules)
    replicating.install()


def _check_versioning(original: Any, backend: Any, bucket_name: str, replication: dict[str, Any]) -> None:
    """Both ends keep versions, and the other one is there."""
    if not backend.get_bucket(bucket_name).is_versioned:
        raise S3ClientError(
            "InvalidRequest",
            "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
        )
    rules = replication["Rule"]
    for rule in [rules] if isinstance(rules, dict) else rules:
        destination = backend.buckets.get(replicating.destination_of(rule))
        if destination is None or not destination.is_versioned:
            raise S3ClientError("InvalidRequest", "Destination bucket must have versioning enabled.")
    original(backend, bucket_name, replication)


def _tell_whole_rules(_original: Any, response: Any) -> Any:
    """Moto tells the destination, and of all else the same for every rule."""
    response.data["Action"] = "GetBucketReplication"
    kept = response.backend.get_bucket_replication(response.bucket_name)
    if not kept:
        raise ReplicationConfigurationNotFoundError(bucket_name=response.bucket_name)
    rules = [_with_types(rule) for rule in kept["Rule"]]
    told = {"ReplicationConfiguration": {"Role": kept["Role"], "Rules": rules}}
    return response.serialized(ActionResult(told))


def _with_types(value: Any, name: str = "") -> Any:
    """What was read as text only, as the service's model has it."""
    if name in {"Minutes", "Priority"}:
        return int(value)
    if name == "Prefix":
        return value or ""
    if name == "Filter" and not value:
        return {"Prefix": ""}
    if isinstance(value, dict):
        return {key: _with_types(inner, key) for key, inner in value.items()}
    return value
