"""Pools of GPU nodes that sleep at night: schedules that set the desired size of their node groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import Input, Output
from pulumi_aws.iam.role import Role
from pulumi_aws.iam.role_policy import RolePolicy
from pulumi_aws.scheduler.schedule import Schedule
from pulumi_aws.scheduler.schedule_group import ScheduleGroup

from infra.aws.account import Account
from infra.aws.alerts import AlarmSpec, create_alarm
from infra.aws.documents import Statement, allow, document, service_trust
from infra.conventions import ComponentType, physical_name, registered
from infra.planning.working_hours import DailyHours, scheduler_cron

_RETRIED_S = 3600
"""A call that comes later would be of the wrong half of the day."""
_WAKING_MINUTES = 30
"""Until the nodes are there, their pods run, and the alarm has seen it."""

ALARMS = (
    AlarmSpec(
        name="working-hours-refused",
        description="A pool was refused to sleep or to wake: CloudTrail has the answer to "
        "UpdateNodegroupConfig. By hand: docs/how-to/let-pools-sleep.md.",
        namespace="AWS/Scheduler",
        metric="TargetErrorCount",
        statistic="Sum",
        threshold=0,
        period_s=3600,
        periods=1,
    ),
    AlarmSpec(
        name="working-hours-dropped",
        description="A pool was not told to sleep or to wake: look at the schedules and their role. By "
        "hand: docs/how-to/let-pools-sleep.md.",
        namespace="AWS/Scheduler",
        metric="InvocationDroppedCount",
        statistic="Sum",
        threshold=0,
        period_s=3600,
        periods=1,
    ),
)
"""What the target refused, and what did not get so far, as without a role that can be taken.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html
"""


@dataclass(frozen=True, kw_only=True)
class SleepingPool:
    """A managed node group that sleeps.

    Args:
        node_group: its name.
        arn: its ARN.
        nodes: how many it wakes up with.
    """

    node_group: Input[str]
    arn: Input[str]
    nodes: int


@dataclass(frozen=True, kw_only=True)
class WorkingHoursArgs:
    """What the schedules are made from.

    Args:
        environment: part of every name.
        account: where it is created.
        hours: when the pools are awake.
        cluster_name: the cluster that they belong to.
        pools: the pools, by name.
        alerts_topic_arn: who is told when one was not.
        quiet_alarm: name of an alarm that tells nobody while the pools sleep; None to silence none.
    """

    environment: str
    account: Account
    hours: DailyHours
    cluster_name: Input[str]
    pools: Mapping[str, SleepingPool]
    alerts_topic_arn: Output[str]
    quiet_alarm: str | None


@dataclass(frozen=True, kw_only=True)
class WorkingHoursOutputs:
    """The schedules and their role."""

    group: Output[str]
    role_arn: Output[str]


class WorkingHours(pulumi.ComponentResource):
    """Sets the desired size of node groups to 0 at the end of each day, and back when a working day begins.

    EventBridge Scheduler makes the calls by itself: no function of ours runs. They change the desired size
    and nothing else, which the program gives a node group at its creation only: no difference is seen at
    night, and no `pulumi up` wakes a pool, unless it changes the pool's bounds. The schedules hold names and
    numbers; EventBridge encrypts them with a key of its own, and one of ours would be one more thing that a
    waking pool depends on.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
    """

    def __init__(self, name: str, args: WorkingHoursArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.WORKING_HOURS, name, None, opts)
        self._args = args
        self._name = physical_name(args.environment, "working-hours")
        self._child = pulumi.ResourceOptions(parent=self)
        self._group = ScheduleGroup(self._name, name=self._name, opts=self._child)
        self._role, permission = self._create_role()
        # A schedule whose role may do nothing fails when its time comes, and nobody looks then.
        self._ready = pulumi.ResourceOptions(parent=self, depends_on=[permission])
        self._resize_pools()
        if args.quiet_alarm:
            self._silence(args.quiet_alarm)
        self._tell_failures()
        self.outputs = WorkingHoursOutputs(group=self._group.name, role_arn=self._role.arn)
        self.register_outputs(registered(self.outputs))

    def _create_role(self) -> tuple[Role, RolePolicy]:
        """Taken for schedules of this group alone, and good for what they call, on these things.

        https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
        """
        # Written down, and not read from the group: so a first preview can judge who may take the role.
        group = self._args.account.arn("scheduler", f"schedule-group/{self._name}")
        source = {"aws:SourceAccount": self._args.account.id, "aws:SourceArn": group}
        role = Role(
            self._name,
            name=self._name,
            description="Lets EventBridge Scheduler put pools to sleep and wake them",
            assume_role_policy=service_trust("scheduler.amazonaws.com", conditions={"StringEquals": source}),
            opts=self._child,
        )
        policy = document(*self._permissions())
        return role, RolePolicy(self._name, name="schedules", role=role.name, policy=policy, opts=self._child)

    def _permissions(self) -> list[Statement]:
        args = self._args
        pools = [pool.arn for pool in args.pools.values()]
        statements = [
            allow("ResizeSleepingPools", actions=["eks:UpdateNodegroupConfig"], resources=pools),
        ]
        if args.quiet_alarm:
            names = ("DisableAlarmActions", "EnableAlarmActions", "SetAlarmState")
            actions = [f"cloudwatch:{name}" for name in names]
            alarm = args.account.arn("cloudwatch", f"alarm:{args.quiet_alarm}")
            statements.append(allow("SilenceAlarm", actions=actions, resources=[alarm]))
        return statements

    def _resize_pools(self) -> None:
        hours = self._args.hours
        for name, pool in self._args.pools.items():
            named = {"ClusterName": self._args.cluster_name, "NodegroupName": pool.node_group}
            for what, cron, nodes in (
                ("sleeps", scheduler_cron(hours.end), 0),
                ("wakes", scheduler_cron(hours.start, hours.days), pool.nodes),
            ):
                size = {"ScalingConfig": {"DesiredSize": nodes}}
                self._schedule(f"{name}-{what}", cron, "eks:updateNodegroupConfig", {**named, **size})

    def _silence(self, alarm: str) -> None:
        """From the end of a day until pools had time to wake; what is still wrong then is told anew.

        An alarm acts on a change of its state alone, and so it is set to OK once it may be heard again:
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html
        """
        hours, named = self._args.hours, {"AlarmNames": [alarm]}
        heard, anew = (
            scheduler_cron(hours.start, hours.days, later_minutes=minutes)
            for minutes in (_WAKING_MINUTES, _WAKING_MINUTES + 1)
        )
        state = {"AlarmName": alarm, "StateValue": "OK", "StateReason": "Pools are awake"}
        self._schedule("alarm-silent", scheduler_cron(hours.end), "cloudwatch:disableAlarmActions", named)
        self._schedule("alarm-heard", heard, "cloudwatch:enableAlarmActions", named)
        self._schedule("alarm-anew", anew, "cloudwatch:setAlarmState", state)

    def _schedule(self, name: str, cron: str, action: str, arguments: Mapping[str, Any]) -> None:
        """A call of the API.

        Args:
            name: of the schedule.
            cron: when, in the hours' time zone.
            action: service and operation, as `aws-sdk` names them.
            arguments: members begin with capitals, whatever the API itself calls them: others are refused.
        """
        Schedule(
            f"{self._name}-{name}",
            name=name,
            group_name=self._group.name,
            schedule_expression=cron,
            schedule_expression_timezone=self._args.hours.time_zone,
            flexible_time_window={"mode": "OFF"},
            target={
                "arn": f"arn:{self._args.account.partition}:scheduler:::aws-sdk:{action}",
                "role_arn": self._role.arn,
                "input": Output.json_dumps(arguments),
                "retry_policy": {"maximum_event_age_in_seconds": _RETRIED_S, "maximum_retry_attempts": 20},
            },
            opts=self._ready,
        )

    def _tell_failures(self) -> None:
        """No dead letters are kept: the schedule says what was to be called, and CloudTrail why not."""
        args = self._args
        for spec in ALARMS:
            create_alarm(
                physical_name(args.environment),
                spec,
                dimensions={"ScheduleGroup": self._group.name},
                topic_arn=args.alerts_topic_arn,
                opts=self._child,
            )
