"""What was lost, from what was written and what is there: plain sums."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from infra.planning.recovery import REPLICATION_MINUTES, most_database_loss_minutes
from infra.settings.recovery import RecoveryTargets

_MINUTE_S = 60


@dataclass(frozen=True)
class Mark:
    """A marked object.

    Args:
        zone: of the lake.
        key: of the object.
        written: when S3 had it, second of Unix time.
    """

    zone: str
    key: str
    written: float


@dataclass(frozen=True, kw_only=True)
class LakeLoss:
    """What the lake lost.

    Args:
        objects: how many.
        written: of how many.
        seconds: age of the oldest lost one when the region went: all before it is there. 0 if none is lost.
    """

    objects: int
    written: int
    seconds: float


def lake_loss(written: Sequence[Mark], found: Collection[tuple[str, str]], lost_at: float) -> LakeLoss:
    """Compare what was written with what is in the second region.

    Args:
        written: all marks of objects that nobody deleted.
        found: zone and key of what is there.
        lost_at: when the region went, second of Unix time.
    """
    missing = [mark for mark in written if (mark.zone, mark.key) not in found]
    oldest = min((mark.written for mark in missing), default=lost_at)
    return LakeLoss(objects=len(missing), written=len(written), seconds=round(lost_at - oldest, 2))


@dataclass(frozen=True, kw_only=True)
class Held:
    """A target and what was measured.

    Args:
        what: what it is about.
        target_s: the most it may be.
        measured_s: what it was.
        promised_s: the most it can be by the settings, where they promise something.
        limits: what the measurement does not say.
    """

    what: str
    target_s: float
    measured_s: float
    promised_s: float | None = None
    limits: str

    @property
    def met(self) -> bool:
        """Whether it was no more than the target."""
        return self.measured_s <= self.target_s

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return {**asdict(self), "met": self.met}


def against(
    targets: RecoveryTargets, *, recovery_s: float, lake: LakeLoss, database_s: float
) -> tuple[Held, ...]:
    """Each target beside what was measured.

    Args:
        targets: what the settings allow.
        recovery_s: time that the runbook took.
        lake: what the lake lost.
        database_s: age of the backup that the database began with, when the region went.
    """
    return (
        Held(
            what="recovery time",
            target_s=targets.recovery_minutes * _MINUTE_S,
            measured_s=recovery_s,
            limits="what AWS takes to create and restore comes on top",
        ),
        Held(
            what="data loss of the lake",
            target_s=targets.lake_loss_minutes * _MINUTE_S,
            measured_s=lake.seconds,
            promised_s=REPLICATION_MINUTES * _MINUTE_S,
            limits="S3's delay is assumed",
        ),
        Held(
            what="data loss of the database",
            target_s=targets.database_loss_minutes * _MINUTE_S,
            measured_s=database_s,
            promised_s=most_database_loss_minutes() * _MINUTE_S,
            limits="the age of the last backup is assumed",
        ),
    )
