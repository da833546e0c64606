"""EventBridge Scheduler as we amended moto: what AWS refuses, and the shape of each answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from groundplan.rehearsal.emulator.scheduled_calls import UnusableError, call_of, check_time
from tests.unit.rehearsal.emulator.checked import checked_client, left
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, REGION, Emulated

RESIZE = "arn:aws:scheduler:::aws-sdk:eks:updateNodegroupConfig"
INPUT = {"ClusterName": "one", "NodegroupName": "gpu", "ScalingConfig": {"DesiredSize": 0}}
GROUP = f"arn:aws:scheduler:{REGION}:{ACCOUNT_ID}:schedule-group/nights"


@pytest.fixture(scope="module")
def asked(aws: Emulated) -> dict[str, Any]:
    """What a schedule is made from; its group and its role are there."""
    aws.client("scheduler").create_schedule_group(Name="nights", Tags=[{"Key": "a", "Value": "b"}])
    return {
        "Name": "gpu-sleeps",
        "GroupName": "nights",
        "ScheduleExpression": "cron(0 20 ? * * *)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": RESIZE,
            "RoleArn": aws.role("nights", "scheduler.amazonaws.com"),
            "Input": json.dumps(INPUT),
            "RetryPolicy": {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 20},
        },
    }


def test_a_schedule_comes_back_as_given(aws: Emulated, asked: dict[str, Any]) -> None:
    """Made, read, listed, changed and deleted; groups carry tags, and what is left is seen."""
    client = checked_client(aws, "scheduler")
    arn = client.create_schedule(**asked)["ScheduleArn"]
    told = client.get_schedule(Name="gpu-sleeps", GroupName="nights")
    assert {name: told[name] for name in asked} == asked
    assert (told["State"], told["ActionAfterCompletion"]) == ("ENABLED", "NONE")
    [listed] = client.list_schedules(GroupName="nights")["Schedules"]
    assert (listed["Arn"], listed["Target"]) == (arn, {"Arn": RESIZE})
    client.update_schedule(**(asked | {"ScheduleExpression": "cron(0 21 ? * * *)"}))
    assert client.get_schedule(Name="gpu-sleeps", GroupName="nights")["State"] == "ENABLED"
    assert client.list_tags_for_resource(ResourceArn=GROUP)["Tags"] == [{"Key": "a", "Value": "b"}]
    assert {f"Schedules/{arn}", "ScheduleGroups/nights"} <= set(left(aws, "scheduler"))
    client.delete_schedule(Name="gpu-sleeps", GroupName="nights")
    assert client.list_schedules(GroupName="nights")["Schedules"] == []


def test_schedules_go_with_their_group(aws: Emulated, asked: dict[str, Any]) -> None:
    """The group that every account has stays."""
    client = checked_client(aws, "scheduler")
    client.create_schedule_group(Name="short")
    client.create_schedule(**(asked | {"GroupName": "short"}))
    client.delete_schedule_group(Name="short")
    assert not [one for one in left(aws, "scheduler") if "short" in one]
    with pytest.raises(ClientError, match="Cannot delete the default"):
        client.delete_schedule_group(Name="default")


@pytest.mark.parametrize(
    ("changes", "target", "message"),
    [
        ({"ScheduleExpression": "cron(0 20 * * MON *)"}, {}, "Invalid Schedule Expression cron"),
        ({"ScheduleExpressionTimezone": "Europe/Bonn"}, {}, "Invalid Schedule Expression Timezone"),
        ({"Name": "x" * 65}, {}, "65 is more than 64"),
        ({"GroupName": "days"}, {}, "does not exist"),
        ({}, {"Arn": "arn:aws:scheduler:::aws-sdk:eks:describeNodegroup"}, "read-only actions"),
        ({}, {"Arn": "arn:aws:scheduler:::aws-sdk:eks:resizeNodegroup"}, "unknown service or action"),
        ({}, {"Input": json.dumps({"clusterName": "one"})}, "no such member"),
        ({}, {"Input": json.dumps({"ClusterName": "one"})}, "nodegroupName: missing"),
        ({}, {"Input": "{"}, "not well-formed"),
        ({}, {"RoleArn": f"arn:aws:iam::{ACCOUNT_ID}:role/node"}, "must allow AWS EventBridge Scheduler"),
        ({}, {"RoleArn": f"arn:aws:iam::{ACCOUNT_ID}:role/none"}, "must allow AWS EventBridge Scheduler"),
    ],
)
def test_what_aws_refuses_is_refused(
    aws: Emulated, asked: dict[str, Any], changes: dict[str, Any], target: dict[str, Any], message: str
) -> None:
    """By its creation, when somebody looks; not when its time comes."""
    with pytest.raises(ClientError, match=message):
        aws.client("scheduler").create_schedule(**{**asked, "Target": asked["Target"] | target, **changes})


def test_a_role_for_another_group_is_refused(aws: Emulated, asked: dict[str, Any]) -> None:
    """The condition of its trust policy names a group, and the schedule would be in another."""
    client = aws.client("scheduler")
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "scheduler.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceArn": GROUP, "aws:SourceAccount": ACCOUNT_ID}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = aws.client("iam").create_role(RoleName="of-nights", AssumeRolePolicyDocument=policy)["Role"]
    target = asked["Target"] | {"RoleArn": role["Arn"]}
    client.create_schedule(**(asked | {"Name": "mine", "Target": target}))
    with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler"):
        client.create_schedule(**(asked | {"Name": "others", "GroupName": "default", "Target": target}))
    client.delete_schedule(Name="mine", GroupName="nights")


def test_what_is_there_is_not_made_again(aws: Emulated, asked: dict[str, Any]) -> None:
    """Neither a schedule nor a group; and there are no tags of what is not there."""
    client = aws.client("scheduler")
    client.create_schedule(**asked)
    with pytest.raises(ClientError, match="ConflictException"):
        client.create_schedule(**asked)
    with pytest.raises(ClientError, match="ConflictException"):
        client.create_schedule_group(Name="nights")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.list_tags_for_resource(ResourceArn=GROUP.replace("nights", "days"))
    client.delete_schedule(Name="gpu-sleeps", GroupName="nights")


@pytest.mark.parametrize(
    "expression",
    [
        "cron(30 7 ? * MON,TUE,WED *)",
        "cron(0/15 9-17 ? * MON-FRI *)",
        "cron(0 0 L * ? 2030)",
        "rate(5 minutes)",
        "at(2030-01-01T07:00:00)",
    ],
)
def test_times_of_all_kinds_are_taken(expression: str) -> None:
    """As the user guide writes them."""
    check_time(expression, "UTC")


@pytest.mark.parametrize(
    "expression",
    [
        "cron(60 7 ? * * *)",
        "cron(0 24 ? * * *)",
        "cron(0 7 * * *)",
        "cron(0 7 ? * ? *)",
        "cron(0 7 ? * MOO *)",
        "cron(0/0 7 ? * * *)",
        "rate(0 minutes)",
        "at(2030-02-30T07:00:00)",
        "daily",
    ],
)
def test_other_times_are_refused(expression: str) -> None:
    """Each has one thing wrong."""
    with pytest.raises(UnusableError, match="Invalid Schedule Expression"):
        check_time(expression, "UTC")


def test_other_targets_make_no_call_of_an_api() -> None:
    """A function, say: what it makes of the input is its business."""
    assert call_of({"Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:f", "Input": "hello"}) is None
