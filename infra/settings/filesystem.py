"""Settings of the fast file systems that training reads from."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.settings import checks
from infra.settings.base import RetentionDays, SettingsModel


class FilesystemSettings(SettingsModel):
    """A file system of the tenant's own (FSx for Lustre) that shows its curated data and its features.

    It is in the one zone of the tenant's pool, and is filled from the lake as files are read.
    """

    capacity_gib: Annotated[int, Field(ge=1200, le=240_000)] = 1200
    """Capacity in GiB: 1200, or a multiple of 2400. It can grow, never shrink."""
    throughput_mbps_per_tib: Literal[125, 250, 500, 1000] = 125
    """Megabytes per second for each TiB of capacity."""
    log_retention_days: RetentionDays = 30
    """How long messages about the link to the lake are kept."""

    @model_validator(mode="after")
    def _obtainable(self) -> Self:
        checks.lustre_capacity(self.capacity_gib)
        return self
