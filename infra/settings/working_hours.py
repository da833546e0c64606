"""Settings of the hours in which pools of GPU nodes are awake."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from infra.planning.working_hours import DailyHours, minutes_of
from infra.settings import checks
from infra.settings.base import SettingsModel
from infra.settings.types import Name, nearest, refusal

_TIME = r"^([01]\d|2[0-3]):[0-5]\d$"
_KEPT_TWICE = ("posix/", "right/")
"""Folders of a machine's time zone database that hold its zones once more."""
_SHORTEST_MINUTES = 60
_PAID_FOR = ("reserved", "capacity-block")

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _in_quotes(value: object) -> object:
    if isinstance(value, int):
        raise refusal(
            "without quotes, YAML may take a time for a number",
            allowed='a time of day in quotes, such as "20:00"',
        )
    return value


def _known_zone(value: str) -> str:
    try:
        found = ZoneInfo(value)
    except (OSError, ValueError, KeyError):  # no such file, no name of one, no such zone
        found = None
    if found and (value == "UTC" or ("/" in value and not value.startswith(_KEPT_TWICE))):
        return value
    zones = tuple(name for name in available_timezones() if "/" in name)
    _, _, close = nearest(value, zones).rpartition("; did you mean ")
    close = f"; did you mean {close}" if close.startswith("'") else ""
    raise refusal(
        "there is no time zone of this name",
        allowed=f"UTC, or a name of the time zone database such as Europe/Berlin{close}",
    )


TimeOfDay = Annotated[str, BeforeValidator(_in_quotes), Field(pattern=_TIME)]
TimeZone = Annotated[str, AfterValidator(_known_zone), WithJsonSchema({"type": "string"})]


class PoolHoursSettings(SettingsModel):
    """Pools of GPU nodes that are there in working hours only.

    At their end, every day, all nodes of these pools go; on working days each gets its `nodes.desired` again.
    What happens to pods, and how to wake a pool for an evening: docs/how-to/let-pools-sleep.md.
    """

    start: TimeOfDay = "07:00"
    """When pools wake, in quotes. Pods run some minutes later."""
    end: TimeOfDay = "20:00"
    """When they go to sleep, in quotes. Pods have a quarter of an hour to end."""
    days: Annotated[tuple[Day, ...], Field(min_length=1, max_length=7)] = ("mon", "tue", "wed", "thu", "fri")
    """Working days."""
    time_zone: TimeZone
    """Where it is that time, such as Europe/Berlin; the schedule follows its summer time."""
    pools: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Names of `gpu_pools`, bought on demand or as spot, with `nodes.min` 0."""

    @property
    def hours(self) -> DailyHours:
        """The hours, without the pools."""
        return DailyHours(start=self.start, end=self.end, days=self.days, time_zone=self.time_zone)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        checks.named_once("days", self.days)
        checks.named_once("pools", self.pools)
        if minutes_of(self.end) - minutes_of(self.start) < _SHORTEST_MINUTES:
            raise refusal(
                f"the day starts at {self.start} and ends at {self.end}",
                allowed=f"an hour after {self.start} or later, of the same day",
                key=("end",),
            )
        return self


def can_sleep(
    hours: PoolHoursSettings, pools: Mapping[str, tuple[str, int]], elastic: Collection[str]
) -> None:
    """Refuse pools that are not there, go with their pods anyway, are paid for asleep, or cannot be empty.

    Args:
        hours: the hours, and the pools that keep them.
        pools: how each managed pool is bought, and its fewest nodes.
        elastic: names of Karpenter's pools.
    """
    for index, name in enumerate(hours.pools):
        key = ("platform", "operations", "working_hours", "pools", str(index))
        if name in elastic:
            raise refusal(
                "Karpenter's pools go with their pods", allowed=nearest(name, tuple(pools)), key=key
            )
        if name not in pools:
            raise refusal("there is no pool of this name", allowed=nearest(name, tuple(pools)), key=key)
        option, fewest = pools[name]
        if option in _PAID_FOR:
            raise refusal(
                f"the pool is bought {option}: its nodes are paid for, awake or asleep",
                allowed="a pool that is bought on-demand or spot",
                key=key,
            )
        if fewest:
            raise refusal(
                f"the pool is to sleep, and never has fewer nodes than {fewest}",
                allowed="0; nodes.desired is what it wakes up with",
                key=("platform", "gpu_pools", name, "nodes", "min"),
            )
