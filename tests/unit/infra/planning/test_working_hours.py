"""Tests of working hours: their share of all time, and the words of schedules."""

from __future__ import annotations

import pytest

from infra.planning.working_hours import DAYS, DailyHours, scheduler_cron
from infra.settings.working_hours import PoolHoursSettings

WEEK = ("mon", "tue", "wed", "thu", "fri")


@pytest.mark.parametrize(
    ("start", "end", "days", "share"),
    [
        ("07:00", "20:00", WEEK, 65 / 168),
        ("00:00", "12:00", DAYS, 0.5),
        ("08:30", "09:45", ("sun",), 1.25 / 168),
    ],
)
def test_the_share_of_all_time(start: str, end: str, days: tuple[str, ...], share: float) -> None:
    """Hours of a week by 168."""
    hours = DailyHours(start=start, end=end, days=days, time_zone="UTC")
    assert hours.share == pytest.approx(share)


@pytest.mark.parametrize(
    ("time", "days", "later", "cron"),
    [
        ("20:00", DAYS, 0, "cron(0 20 ? * * *)"),
        ("07:05", ("fri", "mon"), 0, "cron(5 7 ? * MON,FRI *)"),
        ("07:45", ("sat",), 30, "cron(15 8 ? * SAT *)"),
    ],
)
def test_times_as_schedules_write_them(time: str, days: tuple[str, ...], later: int, cron: str) -> None:
    """One of the two fields of days is a question mark, and days are in the order of the week."""
    assert scheduler_cron(time, days, later_minutes=later) == cron


def test_hours_that_nobody_names_are_those_of_a_week() -> None:
    """Monday to Friday, from seven to eight in the evening."""
    settings = PoolHoursSettings.model_validate({"time_zone": "UTC", "pools": ["gpu"]})
    assert settings.hours == DailyHours(start="07:00", end="20:00", days=WEEK, time_zone="UTC")
