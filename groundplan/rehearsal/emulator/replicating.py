"""The copies that replication makes: by the bucket's rules, with the rights of its role, after a while.

As in S3, what was there before a rule is not copied, nor is the deletion of a version followed, nor is a
replica copied on. https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moto.kms.models import kms_backends
from moto.s3.models import FakeKey, S3Backend, s3_backends

from groundplan.rehearsal.emulator.eks.account import Account, trusts
from groundplan.rehearsal.emulator.iam_policies import SessionPolicies, policies_of, refusal
from groundplan.rehearsal.emulator.need import Need
from groundplan.rehearsal.emulator.patching import kept_in, tell, wrap
from groundplan.rehearsal.emulator.policy_conditions import as_list
from groundplan.rehearsal.emulator.policy_statements import Caller
from groundplan.rehearsal.emulator.request_context import RequestContext, unasked_keys

log = logging.getLogger(__name__)

Rule = Mapping[str, Any]
_SERVICE = "s3.amazonaws.com"
_told: Any = vars(FakeKey)["response_dict"].fget
_put_object: Any = S3Backend.put_object
_delete_object: Any = S3Backend.delete_object
"""As moto has them: what replication writes is not replicated on."""


@dataclass(frozen=True, kw_only=True)
class Lateness:
    """How late copies are, and which region sends none any more.

    Args:
        seconds: from the change to its copy.
        lost_region: changes in its buckets go nowhere.
        lost_since: since this second of Unix time.
    """

    seconds: float = 0.0
    lost_region: str | None = None
    lost_since: float = 0.0


ON_TIME = Lateness()
"""Copies are there with the next request."""


@dataclass(frozen=True, kw_only=True)
class _Change:
    """A change that is to be followed.

    Args:
        bucket: the source.
        key: the object.
        version: the new version, an object of moto; None for a deletion.
        rule: what says so.
        role: ARN of the role that copies.
        made: second of Unix time.
    """

    bucket: str
    key: str
    version: Any
    rule: Rule
    role: str
    made: float


def install() -> None:
    """Follow changes from now on; a second call changes nothing."""
    wrap(S3Backend, "put_object", _follow_object)
    wrap(S3Backend, "delete_object", _follow_deletion)
    tell(FakeKey, "response_dict", _tell_status)


def deliver(account_id: str, late: Lateness, now: float | None = None) -> None:
    """Make the copies that are due."""
    backend = s3_backends[account_id]["aws"]
    waiting = kept_in(backend, "replication")
    until = time.time() if now is None else now
    for number, change in list(waiting.items()):
        source = backend.buckets.get(change.bucket)
        cut_off = source is not None and source.region_name == late.lost_region
        if change.made + late.seconds > (min(until, late.lost_since) if cut_off else until):
            continue
        del waiting[number]
        if source is not None:
            _copy(backend, change, source)


def _tell_status(key: FakeKey) -> dict[str, Any]:
    """Headers of an object: also whether it has been copied, or is a copy."""
    status = getattr(key, "replication_status", None)
    return _told(key) | ({"x-amz-replication-status": status} if status else {})


# --- what is followed -------------------------------------------------------------------------------
def _follow_object(
    original: Any, backend: Any, bucket_name: str, key_name: str, *args: Any, **asked: Any
) -> Any:
    made = original(backend, bucket_name, key_name, *args, **asked)
    for rule, role in _rules_of(backend, bucket_name):
        if made.encryption == "aws:kms" and not _selects_encrypted(rule):
            continue
        made.replication_status = "PENDING"
        _wait(backend, _change(bucket_name, key_name, made, rule, role))
    return made


def _follow_deletion(
    original: Any, backend: Any, bucket_name: str, key_name: str, version_id: str | None = None, **asked: Any
) -> Any:
    answer = original(backend, bucket_name, key_name, version_id, **asked)
    for rule, role in _rules_of(backend, bucket_name) if version_id is None else ():
        if _is_enabled(rule.get("DeleteMarkerReplication")):
            _wait(backend, _change(bucket_name, key_name, None, rule, role))
    return answer


def _change(bucket: str, key: str, version: Any, rule: Rule, role: str) -> _Change:
    return _Change(bucket=bucket, key=key, version=version, rule=rule, role=role, made=time.time())


def _wait(backend: Any, change: _Change) -> None:
    waiting: dict[Any, _Change] = kept_in(backend, "replication")
    waiting[max(waiting, default=0) + 1] = change


def _rules_of(backend: Any, bucket_name: str) -> Iterator[tuple[Rule, str]]:
    replication = backend.get_bucket_replication(bucket_name)
    for rule in replication["Rule"] if replication else ():
        if rule["Status"] == "Enabled":
            yield rule, replication["Role"]


def _is_enabled(part: Any) -> bool:
    return (part or {}).get("Status") == "Enabled"


def _selects_encrypted(rule: Rule) -> bool:
    return _is_enabled((rule.get("SourceSelectionCriteria") or {}).get("SseKmsEncryptedObjects"))


def destination_of(rule: Rule) -> str:
    """Name of the bucket that a rule copies to."""
    return rule["Destination"]["Bucket"].rpartition(":")[2]


# --- what a rule is about ---------------------------------------------------------------------------
def _in_filter(rule: Rule, key: str, tags: Mapping[str, str]) -> bool:
    """Whether an object is one of a rule's: by the beginning of its key, and by all tags that it names."""
    asked = rule.get("Filter") or {}
    asked = asked.get("And") or asked
    prefix = asked.get("Prefix") or rule.get("Prefix") or ""
    wanted = {tag["Key"]: tag["Value"] or "" for tag in as_list(asked.get("Tag") or [])}
    return key.startswith(prefix) and wanted.items() <= tags.items()


def _outranked(rule: Rule, backend: Any, change: _Change, tags: Mapping[str, str]) -> bool:
    """Whether another rule for the same destination is about the object, too, and comes first."""
    return any(
        int(other.get("Priority") or 0) > int(rule.get("Priority") or 0)
        and destination_of(other) == destination_of(rule)
        and _in_filter(other, change.key, tags)
        for other, _ in _rules_of(backend, change.bucket)
    )


# --- copying ----------------------------------------------------------------------------------------
def _copy(backend: Any, change: _Change, source: Any) -> None:
    version, rule = change.version, change.rule
    destination = backend.buckets.get(destination_of(rule))
    tags = backend.tagger.get_tag_dict_for_resource(version.arn) if version else {}
    if not _in_filter(rule, change.key, tags) or _outranked(rule, backend, change, tags):
        if version is not None:
            version.replication_status = None
        return
    if version is not None and version not in source.keys.getlist(change.key, []):
        return  # gone before it was its turn
    reason = "its bucket is gone" if destination is None else _reason(backend, change, source, destination)
    if reason:
        log.warning("not replicated: %s/%s, because %s", change.bucket, change.key, reason)
    if version is None:
        if not reason:
            _delete_object(backend, destination.name, change.key)
        return
    version.replication_status = "FAILED" if reason else "COMPLETED"
    if not reason:
        _write(backend, change, version, destination, tags)


def _write(backend: Any, change: _Change, version: Any, destination: Any, tags: Mapping[str, str]) -> None:
    """The replica: the same version, encrypted with the key of the other region."""
    asked = change.rule["Destination"]
    key_id = (asked.get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")
    copy = _put_object(
        backend,
        destination.name,
        change.key,
        version.value,
        storage=asked.get("StorageClass") or version.storage_class,
        etag=version.etag.strip('"') if version.multipart else None,
        encryption="aws:kms" if key_id else None,
        kms_key_id=key_id,
    )
    copy.set_metadata(version.metadata)
    copy._version_id = version.version_id  # noqa: SLF001 - moto makes one up for each version
    copy.last_modified = version.last_modified
    copy.replication_status = "REPLICA"
    backend.tagger.tag_resource(copy.arn, [{"Key": key, "Value": value} for key, value in tags.items()])


# --- rights -----------------------------------------------------------------------------------------
def _reason(backend: Any, change: _Change, source: Any, destination: Any) -> str | None:
    """Why a change may not be followed; None if it may."""
    account = Account(backend.account_id, source.region_name)
    role = account.role(change.role)
    if role is None or not trusts(role, _SERVICE):
        return f"{change.role} does not exist or does not trust {_SERVICE}"
    policies = policies_of(role, None, account)
    for need, region in _needs(change, source, destination):
        if need.action.startswith("kms:") and not _usable(need.resource, backend.account_id):
            return f"the key {need.resource} does not exist or is disabled"
        why = _refused(need, region, policies, change.role, backend.account_id)
        if why:
            return f"{change.role} is not authorized to perform {need.action} on {need.resource} {why}"
    return None


def _needs(change: _Change, source: Any, destination: Any) -> Iterator[tuple[Need, str]]:
    """What the role must be allowed, and in which region.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
    """
    home, away = source.region_name, destination.region_name
    there = f"arn:aws:s3:::{destination.name}/{change.key}"
    yield Need("s3:GetReplicationConfiguration", f"arn:aws:s3:::{source.name}"), home
    yield Need("s3:ListBucket", f"arn:aws:s3:::{source.name}"), home
    if change.version is None:
        yield Need("s3:ReplicateDelete", there), away
        return
    here = f"arn:aws:s3:::{source.name}/{change.key}"
    yield Need("s3:GetObjectVersionForReplication", here), home
    yield Need("s3:ReplicateObject", there), away
    if change.version.encryption == "aws:kms":
        yield Need("kms:Decrypt", str(change.version.kms_key_id), through="s3"), home
    key_id = (change.rule["Destination"].get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")
    if key_id:
        yield Need("kms:Encrypt", key_id, through="s3"), away


def _usable(key_arn: str, account_id: str) -> bool:
    if not key_arn.startswith("arn:"):
        return True  # S3's own key
    region, key_id = key_arn.split(":")[3], key_arn.rpartition("/")[2]
    key = kms_backends[account_id][region].keys.get(key_id)
    return key is not None and key.enabled


def _refused(need: Need, region: str, policies: SessionPolicies, role: str, account_id: str) -> str | None:
    keys = unasked_keys() | {
        "aws:securetransport": "true",
        "s3:tlsversion": "1.3",
        "aws:requestedregion": region,
        "aws:principalarn": role,
        "aws:principalaccount": account_id,
        "aws:principaltype": "AssumedRole",
        "kms:calleraccount": account_id,
        "kms:viaservice": f"s3.{region}.amazonaws.com" if need.through else None,
        "s3:dataaccesspointarn": None,
        "s3:dataaccesspointaccount": None,
    }
    caller = Caller(role, f"{role}/s3-replication", account_id)
    return refusal(need, policies, caller, RequestContext(keys), Account(account_id, region))
