"""Working hours: how much of all time they are, and how schedules are told of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, kw_only=True)
class DailyHours:
    """The same hours of each working day.

    Args:
        start: time of day, such as `07:00`.
        end: a later one.
        days: working days, of `DAYS`.
        time_zone: where it is that time; a name of the time zone database.
    """

    start: str
    end: str
    days: Collection[str]
    time_zone: str

    @property
    def share(self) -> float:
        """Of all time, from 0 to 1; changes to and from summer time leave it as it is."""
        length = minutes_of(self.end) - minutes_of(self.start)
        return length * len(self.days) / (_DAY_MINUTES * len(DAYS))


def minutes_of(time: str) -> int:
    """`07:30` in minutes since midnight."""
    hours, minutes = time.split(":")
    return int(hours) * 60 + int(minutes)


def scheduler_cron(time: str, days: Collection[str] = DAYS, *, later_minutes: int = 0) -> str:
    """A time on some days of the week, or some minutes after it on the same day.

    As EventBridge Scheduler writes it: of two fields of days, one is `?`.
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
    """
    hour, minute = divmod(minutes_of(time) + later_minutes, 60)
    chosen = [day.upper() for day in DAYS if day in days]
    week = "*" if len(chosen) == len(DAYS) else ",".join(chosen)
    return f"cron({minute} {hour} ? * {week} *)"
