"""Mistakes that people make about the lake and its copies in a stack file, and what they are told."""

from __future__ import annotations

from tests.unit.infra.recording import recovery
from tests.unit.infra.settings.mistakes import Change

CASES: list[tuple[str, Change, tuple[str, object, str, str]]] = [
    (
        "a zone that the lake does not have",
        lambda platform: platform["lake"].update(tiers={"rwa": {"infrequent_days": 30}}),
        (
            "groundplan:platform.lake.tiers.rwa",
            "rwa",
            "there is no zone of the lake of this name",
            "one of raw, curated, features, models, checkpoints; did you mean 'raw'?",
        ),
    ),
    (
        "a storage class left before it is paid off",
        lambda platform: platform["lake"].update(
            tiers={"models": {"infrequent_days": 60, "instant_archive_days": 80}}
        ),
        (
            "groundplan:platform.lake.tiers.models.instant_archive_days",
            80,
            "instant_archive_days is 80, too soon after infrequent_days, which is 60",
            "at least 90: 30 days are paid for anyway",
        ),
    ),
    (
        "models in the deep archive",
        lambda platform: platform["lake"].update(tiers={"models": {"deep_archive_days": 365}}),
        (
            "groundplan:platform.lake.tiers.models.deep_archive_days",
            365,
            "a query or a training run cannot wait hours for zone models",
            "nothing; only zone raw may go to the deep archive",
        ),
    ),
    (
        "a move after the end",
        lambda platform: platform["lake"].update(tiers={"checkpoints": {"infrequent_days": 30}}),
        (
            "groundplan:platform.lake.tiers.checkpoints.infrequent_days",
            30,
            "objects of zone checkpoints are deleted after 14 days: checkpoint_days",
            "at most 13, or a later checkpoint_days",
        ),
    ),
    (
        "a second copy in the first one's region",
        lambda platform: platform.update(recovery=recovery(region="eu-central-1")),
        (
            "groundplan:platform.recovery.region",
            "eu-central-1",
            "the environment itself is in this region",
            "any region but eu-central-1",
        ),
    ),
    (
        "a zone that is replicated twice",
        lambda platform: platform.update(recovery=recovery(zones=["raw", "models", "raw"])),
        (
            "groundplan:platform.recovery.zones[2]",
            "raw",
            "raw is named twice",
            "each name once",
        ),
    ),
    (
        "copies of backups that go while they are locked",
        lambda platform: platform.update(
            recovery=recovery(backup_days=3),
            operations={"backup_lock_days": 7},
        ),
        (
            "groundplan:platform.recovery.backup_days",
            3,
            "a backup is locked for 7 days (operations.backup_lock_days), its copy too",
            "at least 7",
        ),
    ),
]
