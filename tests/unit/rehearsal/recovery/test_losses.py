"""What was lost, and whether it is too much."""

from __future__ import annotations

import pytest

from groundplan.rehearsal.recovery.losses import LakeLoss, Mark, against, lake_loss
from infra.settings.recovery import RecoveryTargets

MARKS = [Mark("raw", "1", 100.0), Mark("models", "2", 101.0), Mark("raw", "3", 102.0)]
TARGETS = RecoveryTargets(recovery_minutes=60, lake_loss_minutes=15, database_loss_minutes=1980)


def test_nothing_is_lost_where_all_is_there() -> None:
    """However long after the last object the region went."""
    found = {(mark.zone, mark.key) for mark in MARKS}
    assert lake_loss(MARKS, found, 200.0) == LakeLoss(objects=0, written=3, seconds=0.0)


def test_the_oldest_lost_object_counts() -> None:
    """A later one that came through does not make up for it."""
    found = {("raw", "1"), ("raw", "3")}
    assert lake_loss(MARKS, found, 110.5) == LakeLoss(objects=1, written=3, seconds=9.5)


def test_an_object_of_the_same_name_in_another_zone_is_another_one() -> None:
    """Each zone is a bucket of its own."""
    assert lake_loss(MARKS, {("raw", "1"), ("raw", "2"), ("raw", "3")}, 110.0).objects == 1


@pytest.mark.parametrize(
    ("recovery_s", "lake_s", "database_s", "met"),
    [
        (3600.0, 900.0, 118_800.0, [True, True, True]),
        (3600.1, 900.0, 118_800.0, [False, True, True]),
        (3600.0, 900.1, 118_800.0, [True, False, True]),
        (3600.0, 900.0, 118_800.1, [True, True, False]),
    ],
)
def test_each_target_is_met_up_to_its_last_second(
    recovery_s: float, lake_s: float, database_s: float, met: list[bool]
) -> None:
    """Minutes in the settings, seconds in the measurement."""
    lake = LakeLoss(objects=1, written=2, seconds=lake_s)
    held = against(TARGETS, recovery_s=recovery_s, lake=lake, database_s=database_s)
    assert [each.met for each in held] == met
    assert [each.as_json()["met"] for each in held] == met
