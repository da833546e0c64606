"""Settings of what survives the loss of a region."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from infra.planning.recovery import REPLICATION_MINUTES, most_database_loss_minutes
from infra.settings import checks
from infra.settings.base import Days, SettingsModel
from infra.settings.lake import ZoneName
from infra.settings.types import AvailabilityZone, Region

STANDBY_SUFFIX = "-dr"
"""What the name of an environment ends in where it is brought up in the second region."""
Minutes = Annotated[int, Field(ge=1, le=43_200)]
"""Up to thirty days."""


class RecoveryTargets(SettingsModel):
    """What the loss of the region may cost. A drill measures against it."""

    recovery_minutes: Minutes
    """Until the platform is up in the second region, from the decision to go there (RTO)."""
    lake_loss_minutes: Minutes
    """How old the newest data may be that the replicated zones of the lake lose (RPO)."""
    database_loss_minutes: Minutes
    """The same for the database, whose copies come from backups (RPO)."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        checks.replication_meets("lake_loss_minutes", self.lake_loss_minutes, REPLICATION_MINUTES)
        checks.backups_meet("database_loss_minutes", self.database_loss_minutes, most_database_loss_minutes())
        return self


class RecoverySettings(SettingsModel):
    """A second copy of the lake and of the backups in another region, and what it is good for."""

    region: Region
    """Where the copies are; another region than the environment's, and close in law and in distance."""
    availability_zones: Annotated[tuple[AvailabilityZone, ...], Field(min_length=3, max_length=3)]
    """Zones of that region in which the platform is brought up, in the order of those that they stand for."""
    targets: RecoveryTargets
    """What the loss of the region may cost."""
    zones: Annotated[tuple[ZoneName, ...], Field(min_length=1)] = ("raw", "curated", "features", "models")
    """Zones of the lake that are replicated. Checkpoints are not worth it: a run begins again from an earlier
    one."""
    backup_days: Days = 35
    """Days that the copy of a daily backup is kept; at least `operations.backup_lock_days`."""

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        checks.named_once("zones", self.zones)
        checks.named_once("availability_zones", self.availability_zones)
        return self
