"""Tests of the schedules that let pools sleep."""

from __future__ import annotations

import json
from typing import Any

import pytest

from groundplan.rehearsal.emulator.scheduled_calls import call_of
from tests.unit.infra.recording import (
    Recording,
    dev_config,
    dev_estate,
    dev_settings,
    prod_estate,
    record,
    run_program,
)

SCHEDULE = "aws:scheduler/schedule:Schedule"
NAME = "groundplan-dev-working-hours"
POOL = "groundplan-dev-gpu"
ALARM = "groundplan-dev-pods-without-node"


def _schedules() -> dict[str, dict[str, Any]]:
    return {one.inputs["name"]: one.inputs for one in dev_estate().of(SCHEDULE)}


@pytest.mark.parametrize(
    ("name", "cron", "nodes"),
    [("gpu-sleeps", "cron(0 20 ? * * *)", 0), ("gpu-wakes", "cron(0 7 ? * MON,TUE,WED,THU,FRI *)", 1)],
)
def test_the_pool_of_dev_sleeps_at_night(name: str, cron: str, nodes: int) -> None:
    """Every evening, for somebody may have woken it on a day off; back on the morning of working days."""
    schedule = _schedules()[name]
    assert (schedule["scheduleExpression"], schedule["scheduleExpressionTimezone"]) == (cron, "Europe/Berlin")
    call = call_of({"Arn": schedule["target"]["arn"], "Input": schedule["target"]["input"]})
    assert call is not None
    assert call.operation == "UpdateNodegroupConfig"
    assert call.parameters == {
        "clusterName": "groundplan-dev",
        "nodegroupName": dev_estate().one("aws:eks/nodeGroup:NodeGroup", POOL).inputs["nodeGroupName"],
        "scalingConfig": {"desiredSize": nodes},
    }


def test_what_sleeps_is_no_difference_to_the_program() -> None:
    """Neither the size that a schedule sets nor the alarm that it silences."""
    pool = dev_estate().one("aws:eks/nodeGroup:NodeGroup", POOL)
    assert (pool.inputs["scalingConfig"]["minSize"], pool.ignore_changes) == (
        0,
        ("scalingConfig.desiredSize",),
    )
    alarms = dev_estate().of("aws:cloudwatch/metricAlarm:MetricAlarm")
    assert [one.name for one in alarms if "actionsEnabled" in one.ignore_changes] == [ALARM]


def test_the_alarm_on_waiting_pods_rests_until_the_pool_is_awake() -> None:
    """Half an hour later it is heard, and a minute after that it looks anew."""
    crons = {
        name: one["scheduleExpression"] for name, one in _schedules().items() if name.startswith("alarm")
    }
    assert crons == {
        "alarm-silent": "cron(0 20 ? * * *)",
        "alarm-heard": "cron(30 7 ? * MON,TUE,WED,THU,FRI *)",
        "alarm-anew": "cron(31 7 ? * MON,TUE,WED,THU,FRI *)",
    }


def test_schedules_come_after_the_rights_of_their_role() -> None:
    """And the role is taken for this group of schedules alone."""
    role, policy = (
        dev_estate().one(f"aws:iam/{kind}", NAME) for kind in ("role:Role", "rolePolicy:RolePolicy")
    )
    assert all(policy.urn in one.dependencies for one in dev_estate().of(SCHEDULE))
    [trust] = role.document("assumeRolePolicy")
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    group = f"arn:aws:scheduler:eu-central-1:123456789012:schedule-group/{NAME}"
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012", "aws:SourceArn": group}
    }
    [resize, silence] = policy.document()
    assert (resize["Action"], resize["Resource"]) == (
        ["eks:UpdateNodegroupConfig"],
        f"arn:of:aws:eks/nodeGroup:NodeGroup:{POOL}",
    )
    assert silence["Resource"] == f"arn:aws:cloudwatch:eu-central-1:123456789012:alarm:{ALARM}"


def test_a_failure_is_told() -> None:
    """Of this group of schedules: what the target refused, and what never got to it."""
    alarms = [
        one.inputs
        for one in dev_estate().of("aws:cloudwatch/metricAlarm:MetricAlarm")
        if one.inputs["namespace"] == "AWS/Scheduler"
    ]
    assert {one["metricName"] for one in alarms} == {"TargetErrorCount", "InvocationDroppedCount"}
    assert all(one["dimensions"] == {"ScheduleGroup": NAME} and one["alarmActions"] for one in alarms)


def test_nobody_waits_where_nobody_serves_from_a_pool_that_sleeps() -> None:
    """The alarm stays as it is, and the role may not touch it."""
    config = dev_config()["groundplan:platform"]
    config["gpu_pools"]["training"] = config["gpu_pools"]["gpu"] | {
        "nodes": {"min": 0, "desired": 0, "max": 2}
    }
    config["gpu_pools"]["gpu"]["nodes"]["min"] = 1
    config["operations"]["working_hours"]["pools"] = ["training"]
    config["account_quotas"]["on_demand"]["g"] = 1000
    recording: Recording = record(lambda: run_program(dev_settings(**config)))
    names = [one.inputs["name"] for one in recording.of(SCHEDULE)]
    assert names == ["training-sleeps", "training-wakes"]
    assert "cloudwatch" not in json.dumps(recording.one("aws:iam/rolePolicy:RolePolicy", NAME).document())


def test_nothing_sleeps_in_production() -> None:
    """Its settings name no hours."""
    assert prod_estate().of(SCHEDULE) == []
