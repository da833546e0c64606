"""Settings of the dashboards: who opens them."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from infra.settings.base import SettingsModel
from infra.settings.types import refusal

GroupId = Annotated[
    str, Field(pattern=r"^([0-9a-f]{10}-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
]
"""As Identity Center prints it: https://docs.aws.amazon.com/grafana/latest/APIReference/API_User.html."""


class DashboardsSettings(SettingsModel):
    """A workspace of managed Grafana. People log in by IAM Identity Center, which the account must have.

    It is open to `cluster.api_client_ranges`. AWS bills by person and month: who only looks costs about half.
    """

    administrators: Annotated[tuple[GroupId, ...], Field(min_length=1, max_length=10)]
    """Groups that manage data sources and everybody's dashboards, by id: `aws identitystore list-groups`."""
    editors: Annotated[tuple[GroupId, ...], Field(max_length=10)] = ()
    """Groups that make dashboards and alerts."""
    viewers: Annotated[tuple[GroupId, ...], Field(max_length=10)] = ()
    """Groups that look at them."""

    @model_validator(mode="after")
    def _one_role_each(self) -> Self:
        roles: dict[str, str] = {}
        for role in ("administrators", "editors", "viewers"):
            for number, group in enumerate(getattr(self, role)):
                if group in roles:
                    raise refusal(
                        f"the group is among {roles[group]} already; Grafana gives it one role",
                        allowed="each group once",
                        key=(role, str(number)),
                    )
                roles[group] = role
        return self
