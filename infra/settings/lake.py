"""Settings of the data lake: how long data is kept, and where it moves as it ages."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, WithJsonSchema, model_validator

from infra.conventions import LAKE_ZONES
from infra.settings import checks
from infra.settings.base import Days, SettingsModel
from infra.settings.types import one_of

ZoneName = Annotated[
    str, one_of("zone of the lake", LAKE_ZONES), WithJsonSchema({"type": "string", "enum": list(LAKE_ZONES)})
]
InfrequentDays = Annotated[int, Field(ge=30, le=3650)]
_LEAST_DAYS = {"infrequent_days": 30, "instant_archive_days": 90}
"""Days that each class is paid for in any case: https://aws.amazon.com/s3/storage-classes. To leave it sooner
wastes money; STANDARD_IA cannot even be left sooner."""


class TierSettings(SettingsModel):
    """When the objects of a zone move to cheaper storage, in days since they were written."""

    infrequent_days: InfrequentDays | None = None
    """Move to STANDARD_IA: half the price to keep, but each read is paid for. S3 takes no fewer than 30."""
    instant_archive_days: Days | None = None
    """Move to GLACIER_IR: a sixth of the price, still read at once; at least 30 after STANDARD_IA."""
    deep_archive_days: Days | None = None
    """Move to DEEP_ARCHIVE, read only after hours: zone raw only; at least 90 after GLACIER_IR."""

    @property
    def transitions(self) -> list[tuple[int, str]]:
        """Days and storage class of each move, in their order."""
        moves = (
            (self.infrequent_days, "STANDARD_IA"),
            (self.instant_archive_days, "GLACIER_IR"),
            (self.deep_archive_days, "DEEP_ARCHIVE"),
        )
        return [(days, storage_class) for days, storage_class in moves if days is not None]

    @model_validator(mode="after")
    def _apart(self) -> Self:
        steps = [(name, days) for name, days in self if days is not None]
        checks.far_enough_apart(steps, _LEAST_DAYS)
        return self


class LakeSettings(SettingsModel):
    """The data lake's buckets."""

    noncurrent_days: Days = 30
    """Days after which replaced and deleted objects are gone for good."""
    personal_days: Days | None = None
    """Days after which personal data, which is all of zone raw, is deleted; without it, it is kept."""
    checkpoint_days: Days = 14
    """Days after which training checkpoints are deleted."""
    access_log_days: Days = 90
    """Days after which the buckets' access logs are deleted."""
    query_result_days: Days = 14
    """Days after which the results of queries are deleted."""
    query_limit_gib: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    """The most data in GiB that one query may read; a larger one is ended. Athena bills by what is read."""
    tiers: Annotated[dict[ZoneName, TierSettings], Field(default_factory=dict)]
    """Moves to cheaper storage, by zone; zones that are not named stay where they are."""

    @property
    def expiry_days(self) -> dict[str, int]:
        """Days after which the objects of a bucket are deleted, by its zone."""
        days = {"checkpoints": self.checkpoint_days, "query-results": self.query_result_days}
        return days | ({"raw": self.personal_days} if self.personal_days else {})

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ends = {
            "raw": ("personal_days", self.personal_days),
            "checkpoints": ("checkpoint_days", self.checkpoint_days),
        }
        for zone, tiers in self.tiers.items():
            checks.readable_at_once(zone, tiers.deep_archive_days)
            end, end_days = ends.get(zone, ("", None))
            for name, days in tiers:
                if end_days is not None and days is not None:
                    checks.moves_before_end(zone, (name, days), (end, end_days))
        return self
