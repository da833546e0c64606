"""What keeps data from mistakes, and would no longer: protection, encryption, versions, retention."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

from groundplan.preview.changes import Change
from groundplan.preview.findings import Finding, Section, Weight

_GUARDS: dict[str, tuple[bool, str]] = {
    "deletionProtection": (True, "AWS would no longer refuse to delete it"),
    "forceDestroy": (False, "it could be deleted while it is not empty"),
    "forceDelete": (False, "it could be deleted while it is not empty"),
    "skipFinalSnapshot": (False, "it could be deleted without a last snapshot"),
    "enableKeyRotation": (True, "its key would no longer be changed every year"),
    "storageEncrypted": (True, "what it stores would no longer be encrypted"),
    "enableLogging": (True, "it would no longer record"),
    "enableLogFileValidation": (True, "its files could be changed unnoticed"),
    "isMultiRegionTrail": (True, "calls in other regions would no longer be recorded"),
    "bypassPolicyLockoutSafetyCheck": (False, "its policy could lock everybody out"),
}
"""Inputs that guard: the value that does, and what follows if it is given up."""

_PERIODS = frozenset(
    {
        "retentionInDays",
        "backupRetentionPeriod",
        "deletionWindowInDays",
        "rule.defaultRetention.days",
        "minRetentionDays",
    }
)
"""Inputs in days: fewer of them means that data is gone sooner. 0 of `retentionInDays` means for ever."""

_GUARDIANS = {
    "aws:s3/bucketVersioning:BucketVersioning": "old versions of its bucket's objects",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "encryption of its bucket by our key"
    ),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": "the lock on its bucket's objects",
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": "the lock on its vault's recovery points",
    "aws:backup/plan:Plan": "backups",
    "aws:backup/selection:Selection": "backups of what it selects",
    "aws:secretsmanager/secretRotation:SecretRotation": "the replacement of its secret",
    "aws:ec2/flowLog:FlowLog": "the record of connections",
    "aws:guardduty/detector:Detector": "detection of threats",
    "aws:cfg/recorder:Recorder": "the record of settings",
    "aws:budgets/budget:Budget": "the warning before too much is spent",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "its alarm",
}
"""Types that protect others, and what is gone with them."""


_HOUR_MS = 3_600_000


def review(changes: Sequence[Change]) -> Iterator[Finding]:
    """A finding for each guard that would be given up or shortened."""
    for change in changes:
        facts = [*_given_up(change), *_shortened(change), *_of_topic(change)]
        if change.was_protected and not change.is_protected and change.operation != "delete":
            facts.insert(0, "protect: true -> false: Pulumi would no longer refuse to delete it")
        if facts:
            yield _finding(change, Weight.WARNING, "would be guarded less.", tuple(facts))
        if change.operation == "delete" and change.type in _GUARDIANS:
            yield _finding(
                change, Weight.WARNING, f"would be deleted, and with it {_GUARDIANS[change.type]}."
            )


def _given_up(change: Change) -> Iterator[str]:
    if change.old is None or change.new is None:
        return
    for name, (guarding, consequence) in _GUARDS.items():
        before, after = change.old.get(name), change.new.get(name)
        if before != after and (before == guarding or before is None) and after == (not guarding):
            yield f"{name}: {_said(before)} -> {_said(after)}: {consequence}"


def _shortened(change: Change) -> Iterator[str]:
    for prop in change.properties:
        name = prop.path.split(".")[-1]
        known = prop.path in _PERIODS or name in _PERIODS
        if known and isinstance(prop.old, int | float) and isinstance(prop.new, int | float):
            for_ever = name == "retentionInDays" and prop.old == 0
            if (prop.new < prop.old and not (name == "retentionInDays" and prop.new == 0)) or for_ever:
                yield f"{prop.path}: {_said(prop.old)} -> {_said(prop.new)} days"


def _of_topic(change: Change) -> Iterator[str]:
    """Its retention is in milliseconds, inside a document."""
    if change.type != "aws:msk/topic:Topic":
        return
    before, after = (_retention_ms(change.input("configs", before=old)) for old in (True, False))
    if before is not None and after is not None and after < before:
        hours = [f"{value / _HOUR_MS:g}" for value in (before, after)]
        yield f"retention: {hours[0]} -> {hours[1]} hours: older events are deleted at once"


def _retention_ms(configs: Any) -> float | None:
    """None where nothing is said; -1 is for ever."""
    try:
        value = float(json.loads(configs)["retention.ms"])
    except (TypeError, ValueError, KeyError):
        return None
    return math.inf if value < 0 else value


def _said(value: Any) -> str:
    if value is None:
        return "not set"
    return f"{value:g}" if isinstance(value, float) else str(value).lower()


def _finding(change: Change, weight: Weight, text: str, facts: tuple[str, ...] = ()) -> Finding:
    return Finding(
        section=Section.PROTECTION,
        weight=weight,
        subject=f"{change.kind} {change.name}",
        urn=change.urn,
        text=text,
        facts=facts,
    )
