"""Mistakes that people make about working hours."""

from __future__ import annotations

from typing import Any

from tests.unit.infra.settings.mistakes import Change

_HOURS = "groundplan:platform.operations.working_hours"


def _hours(**changes: Any) -> Change:
    return lambda platform: platform["operations"]["working_hours"].update(changes)


def _pool(**changes: Any) -> Change:
    return lambda platform: platform["gpu_pools"]["gpu"].update({"zone": "eu-central-1a", **changes})


def _elastic(platform: dict[str, Any]) -> None:
    platform["elastic_pools"] = {"serving": {"instance_types": ["g6.xlarge"], "max_nodes": 1}}
    platform["account_quotas"]["on_demand"]["g"] = 1000
    _hours(pools=["serving"])(platform)


CASES: list[tuple[str, Change, tuple[str, object, str, str]]] = [
    (
        "time that YAML takes for a number",
        _hours(end=1200),
        (
            f"{_HOURS}.end",
            1200,
            "without quotes, YAML may take a time for a number",
            'a time of day in quotes, such as "20:00"',
        ),
    ),
    (
        "night without an end",
        _hours(start="07:00", end="07:30"),
        (
            f"{_HOURS}.end",
            "07:30",
            "the day starts at 07:00 and ends at 07:30",
            "an hour after 07:00 or later, of the same day",
        ),
    ),
    (
        "unknown time zone",
        _hours(time_zone="Europe/Berlim"),
        (
            f"{_HOURS}.time_zone",
            "Europe/Berlim",
            "there is no time zone of this name",
            "UTC, or a name of the time zone database such as Europe/Berlin; did you mean 'Europe/Berlin'?",
        ),
    ),
    (
        "time zone without summer time's rules",
        _hours(time_zone="CET"),
        (
            f"{_HOURS}.time_zone",
            "CET",
            "there is no time zone of this name",
            "UTC, or a name of the time zone database such as Europe/Berlin",
        ),
    ),
    (
        "day twice",
        _hours(days=["mon", "mon"]),
        (f"{_HOURS}.days[1]", "mon", "mon is named twice", "each name once"),
    ),
    (
        "pool that sleeps and is not there",
        _hours(pools=["gpus"]),
        (f"{_HOURS}.pools[0]", "gpus", "there is no pool of this name", "one of gpu; did you mean 'gpu'?"),
    ),
    (
        "Karpenter's pool",
        _elastic,
        (f"{_HOURS}.pools[0]", "serving", "Karpenter's pools go with their pods", "one of gpu"),
    ),
    (
        "pool that is paid for asleep",
        _pool(purchase={"option": "reserved"}),
        (
            f"{_HOURS}.pools[0]",
            "gpu",
            "the pool is bought reserved: its nodes are paid for, awake or asleep",
            "a pool that is bought on-demand or spot",
        ),
    ),
    (
        "pool that cannot be empty",
        _pool(nodes={"min": 1, "desired": 1, "max": 6}),
        (
            "groundplan:platform.gpu_pools.gpu.nodes.min",
            1,
            "the pool is to sleep, and never has fewer nodes than 1",
            "0; nodes.desired is what it wakes up with",
        ),
    ),
]
"""Name, what to change, and the problem: key, given, wrong, allowed."""
