"""Replication of S3 buckets as moto 5.2.5 leaves it open: whole rules, what they demand, and the copies.

Copies are made at once. As in S3, what was there before a rule is not copied, nor is
the deletion of a version followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.s3.exceptions import ReplicationConfigurationNotFoundError, S3ClientError
from moto.s3.models import S3Backend
from moto.s3.responses import S3Response

from groundplan.rehearsal.emulator.patching import wrap


def install() -> None:
    """Apply all amendments; a second call changes nothing."""
    wrap(S3Backend, "put_bucket_replication", _check_versioning)
    wrap(S3Response, "get_bucket_replication", _tell_whole_rules)
    wrap(S3Backend, "put_object", _put_copies)
    wrap(S3Backend, "delete_object", _mark_copies)


def _check_versioning(original: Any, backend: Any, bucket_name: str, replication: dict[str, Any]) -> None:
    """Both ends keep versions, and the other one is there."""
    if not backend.get_bucket(bucket_name).is_versioned:
        raise S3ClientError(
            "InvalidRequest",
            "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
        )
    rules = replication["Rule"]
    for rule in [rules] if isinstance(rules, dict) else rules:
        destination = backend.buckets.get(_destination(rule))
        if destination is None or not destination.is_versioned:
            raise S3ClientError("InvalidRequest", "Destination bucket must have versioning enabled.")
    original(backend, bucket_name, replication)


def _destination(rule: dict[str, Any]) -> str:
    return rule["Destination"]["Bucket"].rpartition(":")[2]


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


def _followers(backend: Any, bucket_name: str, key_name: str) -> Iterator[dict[str, Any]]:
    """The rules that a change of an object is copied by."""
    replication = backend.get_bucket_replication(bucket_name) or {"Rule": []}
    for rule in replication["Rule"]:
        prefix = (rule.get("Filter") or {}).get("Prefix") or ""
        if rule["Status"] == "Enabled" and key_name.startswith(prefix):
            yield rule


def _put_copies(
    original: Any, backend: Any, bucket_name: str, key_name: str, *args: Any, **asked: Any
) -> Any:
    """Each new object goes to the destinations, encrypted with their key."""
    made = original(backend, bucket_name, key_name, *args, **asked)
    for rule in _followers(backend, bucket_name, key_name):
        destination = rule["Destination"]
        key_id = (destination.get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")
        copy = original(
            backend,
            _destination(rule),
            key_name,
            made.value,
            storage=destination.get("StorageClass"),
            encryption="aws:kms" if key_id else None,
            kms_key_id=key_id,
        )
        copy._metadata = made._metadata  # noqa: SLF001 - the request sets it after the object is there
    return made


def _mark_copies(
    original: Any, backend: Any, bucket_name: str, key_name: str, version_id: str | None = None, **asked: Any
) -> Any:
    """A deletion leaves a mark; where the rule says so, in the destinations, too."""
    answer = original(backend, bucket_name, key_name, version_id, **asked)
    for rule in _followers(backend, bucket_name, key_name) if version_id is None else ():
        if (rule.get("DeleteMarkerReplication") or {}).get("Status") == "Enabled":
            original(backend, _destination(rule), key_name)
    return answer
