"""Settings of the data stores beside the lake."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.settings import checks
from infra.settings.base import RetentionDays, SettingsModel

CapacityUnits = Annotated[float, Field(ge=0.5, le=256, multiple_of=0.5)]
"""Aurora capacity units, in halves; one has about 2 GiB of memory."""
_SNAPSHOT = r"^arn:aws[a-z-]*:rds:[a-z0-9-]+:\d{12}:cluster-snapshot:[A-Za-z0-9:-]+$"

CacheNodeType = Literal[
    "cache.t4g.micro",
    "cache.t4g.small",
    "cache.t4g.medium",
    "cache.m7g.large",
    "cache.m7g.xlarge",
    "cache.r7g.large",
    "cache.r7g.xlarge",
    "cache.r7g.2xlarge",
    "cache.r7g.4xlarge",
]
"""Node types of ElastiCache on Graviton."""


class DatabaseSettings(SettingsModel):
    """The database of metadata (Aurora PostgreSQL, serverless v2)."""

    engine_version: Literal["17.5"] = "17.5"
    """Version of PostgreSQL; before 17 it takes connections without TLS. AWS never changes it by itself."""
    snapshot: Annotated[str, Field(pattern=_SNAPSHOT)] | None = None
    """ARN of the snapshot that it begins with; without one it begins empty. To change it replaces the
    database."""
    instances: Annotated[int, Field(ge=1, le=15)] = 1
    """One writes, further ones read and take over; two or more survive the loss of a zone."""
    min_capacity: CapacityUnits = 0.5
    """Capacity units of each instance when idle."""
    max_capacity: CapacityUnits = 4
    """Capacity units of each instance under load."""
    backup_days: Annotated[int, Field(ge=1, le=35)] = 7
    """Days within which it can be brought back to any second."""
    password_rotation_days: Annotated[int, Field(ge=1, le=90)] = 7
    """Days after which RDS replaces the administrator's password, which nobody needs every day."""
    log_retention_days: RetentionDays = 30
    """How long the database's log is kept."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        checks.in_order(("min_capacity", self.min_capacity), ("max_capacity", self.max_capacity))
        return self


class CacheSettings(SettingsModel):
    """The cache (ElastiCache for Valkey): a primary and replicas, over zones."""

    engine_version: Literal["7.2", "8.0"] = "8.0"
    """Version of Valkey; AWS adds patches by itself."""
    node_type: CacheNodeType = "cache.t4g.small"
    """Type of each node; its memory is what the cache holds."""
    replicas: Annotated[int, Field(ge=0, le=5)] = 0
    """Replicas beside the primary. With one or more, a lost zone costs seconds, and none of the data that had
    been copied; without, the cache begins empty."""
    snapshot_days: Annotated[int, Field(ge=0, le=35)] = 1
    """Days that a daily snapshot is kept; 0 makes none."""
    log_retention_days: RetentionDays = 30
    """How long the log of slow commands is kept."""


class DataStoreSettings(SettingsModel):
    """What the platform stores beside the lake."""

    database: DatabaseSettings = DatabaseSettings()
    """The database of metadata."""
    cache: CacheSettings = CacheSettings()
    """The cache: online features, sessions, results."""
