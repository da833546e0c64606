"""Settings of how an environment is run: backups, budgets, alarms."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from infra.settings import checks
from infra.settings.base import Days, SettingsModel
from infra.settings.dashboards import DashboardsSettings
from infra.settings.types import AlertEndpoint, Name
from infra.settings.working_hours import PoolHoursSettings

Usd = Annotated[int, Field(ge=1, le=100_000_000)]
"""US dollars."""


class OperationsSettings(SettingsModel):
    """Backups of what is tagged for them, what may be spent, and who is told when something is wrong."""

    backup_days: Days = 35
    """Days that a daily backup is kept."""
    backup_lock_days: Days = 7
    """Days during which a backup cannot be deleted; at most `backup_days`."""
    monthly_budget_usd: Usd = 50_000
    """What the environment may cost in a month, in US dollars; told at 80 % and when 100 % are forecast."""
    tenant_budgets_usd: Annotated[dict[Name, Usd], Field(default_factory=dict)]
    """The same for single tenants; the name of each must be a tenant's. Counted is what is a tenant's alone:
    its file system, disks, and nodes of pools that name it as their `tenant`."""
    anomaly_usd: Usd | None = 100
    """An unusual cost of at least so many US dollars, of any service of the account, is told at once. AWS
    allows one monitor of it per account: null where another environment, in any region, or AWS has made
    it. Without `audit.account_services` there is none anyway."""
    alert_endpoints: Annotated[tuple[AlertEndpoint, ...], Field(max_length=20)] = ()
    """Who is told: e-mail addresses such as `platform@example.com`, and https URLs that confirm subscriptions
    themselves. An address hears nothing before its owner has followed the link in AWS' first message, within
    three days. No URL that is a secret: this file is no place for one. Needed with `protect_data`."""

    dashboards: DashboardsSettings | None = None
    """People's way to look at metrics: a workspace of managed Grafana. Without it there is none."""
    working_hours: PoolHoursSettings | None = None
    """Pools of GPU nodes that are there in working hours only; without it, all of them are always there."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        checks.in_order(("backup_lock_days", self.backup_lock_days), ("backup_days", self.backup_days))
        checks.named_once("alert_endpoints", self.alert_endpoints)
        return self
