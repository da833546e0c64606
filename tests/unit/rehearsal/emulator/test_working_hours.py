"""What the program's schedules do when their time comes: each call of theirs, made under their role."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.sts.models import sts_backends
from pulumi import Output

from groundplan.rehearsal.emulator.scheduled_calls import call_of
from infra.aws.account import Account
from infra.aws.working_hours import SleepingPool, WorkingHours, WorkingHoursArgs
from infra.planning.working_hours import DailyHours
from tests.unit.infra.recording import record
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, REGION, Emulated

ALARM = "groundplan-dev-pods-without-node"
GROUP = "groundplan-dev-working-hours"
NODE_ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/node"
SIZES = {"minSize": 0, "maxSize": 6, "desiredSize": 2}
HOURS = DailyHours(start="07:00", end="20:00", days=("mon", "fri"), time_zone="Europe/Berlin")


@pytest.fixture(scope="module")
def pools(aws: Emulated) -> dict[str, str]:
    """ARNs of a pool that sleeps and of one that does not, by name."""
    aws.cluster("one")
    make = aws.client("eks").create_nodegroup
    given = {"clusterName": "one", "subnets": aws.subnets, "nodeRole": NODE_ROLE, "scalingConfig": SIZES}
    return {
        name: make(nodegroupName=name, **given)["nodegroup"]["nodegroupArn"] for name in ("gpu", "system")
    }


@pytest.fixture(scope="module")
def schedules(aws: Emulated, pools: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What the component registers, created in the account; each schedule's target by its name."""
    recording = record(lambda: _component(pools["gpu"]))
    client, iam = aws.client("scheduler"), aws.client("iam")
    client.create_schedule_group(Name=GROUP)
    role = recording.one("aws:iam/role:Role").inputs
    arn = iam.create_role(RoleName=GROUP, AssumeRolePolicyDocument=role["assumeRolePolicy"])["Role"]["Arn"]
    policy = recording.one("aws:iam/rolePolicy:RolePolicy").inputs
    iam.put_role_policy(RoleName=GROUP, PolicyName=policy["name"], PolicyDocument=policy["policy"])
    for alarm in (ALARM, "other"):
        aws.client("cloudwatch").put_metric_alarm(
            AlarmName=alarm,
            Namespace="AWS/EKS",
            MetricName="m",
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
        )
    for schedule in recording.of("aws:scheduler/schedule:Schedule"):
        client.create_schedule(**_asked(schedule.inputs, arn))
    names = [one["Name"] for one in client.list_schedules(GroupName=GROUP)["Schedules"]]
    return {name: client.get_schedule(Name=name, GroupName=GROUP)["Target"] for name in names}


def _component(pool_arn: str) -> None:
    WorkingHours(
        "working-hours",
        WorkingHoursArgs(
            environment="dev",
            account=Account(id=ACCOUNT_ID, partition="aws", region=REGION),
            hours=HOURS,
            cluster_name="one",
            pools={"gpu": SleepingPool(node_group="gpu", arn=pool_arn, nodes=3)},
            alerts_topic_arn=Output.from_input("arn:topic"),
            quiet_alarm=ALARM,
        ),
    )


def _asked(inputs: dict[str, Any], role_arn: str) -> dict[str, Any]:
    """The inputs of a schedule as the API names them."""
    target = inputs["target"]
    retries = {name[0].upper() + name[1:]: int(value) for name, value in target["retryPolicy"].items()}
    return {
        "Name": inputs["name"],
        "GroupName": GROUP,
        "ScheduleExpression": inputs["scheduleExpression"],
        "ScheduleExpressionTimezone": inputs["scheduleExpressionTimezone"],
        "FlexibleTimeWindow": {"Mode": inputs["flexibleTimeWindow"]["mode"]},
        "Target": {
            "Arn": target["arn"],
            "RoleArn": role_arn,
            "Input": target["input"],
            "RetryPolicy": {
                "MaximumEventAgeInSeconds": retries["MaximumEventAgeInSeconds"],
                "MaximumRetryAttempts": retries["MaximumRetryAttempts"],
            },
        },
    }


def _session(role_arn: str) -> dict[str, str]:
    """What Scheduler gets by the role's trust, which was judged when the schedule was made."""
    session = sts_backends[ACCOUNT_ID]["aws"].assume_role(
        region_name=REGION,
        role_session_name="scheduler",
        role_arn=role_arn,
        policy="",
        duration=900,
        external_id="",
    )
    return {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret_access_key,
        "SessionToken": session.session_token,
    }


def _perform(aws: Emulated, target: dict[str, Any], **changes: Any) -> None:
    """Make the call of a target as its role, perhaps about something else."""
    call = call_of(target)
    assert call is not None
    client = aws.client(call.service, _session(target["RoleArn"]))
    client._make_api_call(call.operation, {**call.parameters, **changes})


def _sizes(aws: Emulated, pool: str) -> dict[str, int]:
    return aws.client("eks").describe_nodegroup(clusterName="one", nodegroupName=pool)["nodegroup"][
        "scalingConfig"
    ]


def _alarm(aws: Emulated) -> dict[str, Any]:
    return aws.client("cloudwatch").describe_alarms(AlarmNames=[ALARM])["MetricAlarms"][0]


def test_the_pool_sleeps_and_wakes(aws: Emulated, schedules: dict[str, dict[str, Any]]) -> None:
    """Its bounds stay, and the other pool as it was."""
    _perform(aws, schedules["gpu-sleeps"])
    assert _sizes(aws, "gpu") == SIZES | {"desiredSize": 0}
    _perform(aws, schedules["gpu-wakes"])
    assert _sizes(aws, "gpu") == SIZES | {"desiredSize": 3}
    assert _sizes(aws, "system") == SIZES


def test_the_alarm_is_silent_meanwhile(aws: Emulated, schedules: dict[str, dict[str, Any]]) -> None:
    """Then it is heard again, and what it saw in the night begins anew."""
    aws.client("cloudwatch").set_alarm_state(AlarmName=ALARM, StateValue="ALARM", StateReason="pods wait")
    _perform(aws, schedules["alarm-silent"])
    assert _alarm(aws)["ActionsEnabled"] is False
    _perform(aws, schedules["alarm-heard"])
    assert (_alarm(aws)["ActionsEnabled"], _alarm(aws)["StateValue"]) == (True, "ALARM")
    _perform(aws, schedules["alarm-anew"])
    assert _alarm(aws)["StateValue"] == "OK"


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("gpu-sleeps", {"nodegroupName": "system"}),
        ("alarm-silent", {"AlarmNames": ["other"]}),
        ("alarm-silent", {"AlarmNames": [ALARM, "other"]}),
        ("alarm-anew", {"AlarmName": "other"}),
    ],
)
def test_the_role_reaches_nothing_else(
    aws: Emulated, schedules: dict[str, dict[str, Any]], name: str, changes: dict[str, Any]
) -> None:
    """Neither another pool nor another alarm."""
    with pytest.raises(ClientError, match="not authorized"):
        _perform(aws, schedules[name], **changes)


def test_the_role_does_nothing_else(aws: Emulated, schedules: dict[str, dict[str, Any]]) -> None:
    """It cannot delete the pool, nor look at it."""
    client = aws.client("eks", _session(schedules["gpu-sleeps"]["RoleArn"]))
    for act in (client.delete_nodegroup, client.describe_nodegroup):
        with pytest.raises(ClientError, match="not authorized"):
            act(clusterName="one", nodegroupName="gpu")


def test_recorded_schedules_are_all(schedules: dict[str, dict[str, Any]]) -> None:
    """Two for the pool and three for the alarm."""
    assert sorted(schedules) == ["alarm-anew", "alarm-heard", "alarm-silent", "gpu-sleeps", "gpu-wakes"]
