"""Settings of what survives the loss of a region."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from infra.settings import checks
from infra.settings.base import Days, SettingsModel
from infra.settings.lake import ZoneName
from infra.settings.types import Region


class RecoverySettings(SettingsModel):
    """A second copy of the lake and of the backups in another region."""

    region: Region
    """Where the copies are; another region than the environment's, and close in law and in distance."""
    zones: Annotated[tuple[ZoneName, ...], Field(min_length=1)] = ("raw", "curated", "features", "models")
    """Zones of the lake that are replicated. Checkpoints are not worth it: a run begins again from an earlier
    one."""
    backup_days: Days = 35
    """Days that the copy of a daily backup is kept; at least `operations.backup_lock_days`."""

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        checks.named_once("zones", self.zones)
        return self
