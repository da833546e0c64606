"""The topic that alarms, budgets and cost anomalies are told to, and the alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pulumi
from pulumi import Input, Output
from pulumi_aws.cloudwatch.metric_alarm import MetricAlarm
from pulumi_aws.sns.topic import Topic
from pulumi_aws.sns.topic_policy import TopicPolicy
from pulumi_aws.sns.topic_subscription import TopicSubscription

from infra.aws.account import Account
from infra.aws.documents import allow, document

ALERTING_SERVICES = ("budgets.amazonaws.com", "cloudwatch.amazonaws.com", "costalerts.amazonaws.com")
"""Services that publish to the topic."""


@dataclass(frozen=True, kw_only=True)
class AlarmSpec:
    """When an alarm goes off.

    Args:
        name: last part of its name.
        description: what it means, and what to do.
        namespace: of the metric.
        metric: its name.
        statistic: how values of one period are put together.
        threshold: above this it is bad.
        period_s: length of a period in seconds.
        periods: so many bad periods in a row.
        may_be_quiet: whether schedules silence it for hours, which is no difference to the program then.
    """

    name: str
    description: str
    namespace: str
    metric: str
    statistic: Literal["Maximum", "Sum"]
    threshold: float
    period_s: int
    periods: int
    may_be_quiet: bool = False


PODS_ALARM = AlarmSpec(
    name="pods-without-node",
    description="Pods find no node for a quarter of an hour: raise a pool's maximum, or free quota.",
    namespace="AWS/EKS",
    metric="scheduler_pending_pods_UNSCHEDULABLE",
    statistic="Maximum",
    threshold=0,
    period_s=300,
    periods=3,
    may_be_quiet=True,
)
CLUSTER_ALARMS = (
    AlarmSpec(
        name="api-server-errors",
        description="The cluster's API server answers with errors: look at the control plane's logs.",
        namespace="AWS/EKS",
        metric="apiserver_request_total_5XX",
        statistic="Sum",
        threshold=50,
        period_s=300,
        periods=3,
    ),
    PODS_ALARM,
)
"""Metrics that EKS publishes by itself; source: EKS user guide, "Control plane metrics"."""
BACKUP_ALARM = AlarmSpec(
    name="backup-failed",
    description="A backup job failed: look at AWS Backup's jobs.",
    namespace="AWS/Backup",
    metric="NumberOfBackupJobsFailed",
    statistic="Sum",
    threshold=0,
    period_s=3600,
    periods=1,
)

COPY_ALARM = replace(
    BACKUP_ALARM,
    name="backup-copy-failed",
    description="A backup was not copied to the second region: look at AWS Backup's copy jobs.",
    metric="NumberOfCopyJobsFailed",
)


def create_topic(
    name: str, *, account: Account, key_arn: Input[str], opts: pulumi.ResourceOptions
) -> tuple[Topic, TopicPolicy]:
    """An encrypted topic that only the alerting services of this account may publish to."""
    topic = Topic(name, name=name, kms_master_key_id=key_arn, opts=opts)
    statement = allow(
        "PublishAlerts",
        principals={"Service": list(ALERTING_SERVICES)},
        actions=["sns:Publish"],
        resources=[topic.arn],
        conditions={"StringEquals": {"aws:SourceAccount": account.id}},
    )
    return topic, TopicPolicy(name, arn=topic.arn, policy=document(statement), opts=opts)


def subscribe(
    name: str, endpoints: Sequence[str], *, topic_arn: Input[str], opts: pulumi.ResourceOptions
) -> None:
    """Tell each endpoint what the topic is told, as soon as it has confirmed that.

    https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html
    """
    for endpoint in endpoints:
        TopicSubscription(
            f"{name}-{endpoint}",
            topic=topic_arn,
            protocol="https" if endpoint.startswith("https://") else "email",
            endpoint=endpoint,
            opts=opts,
        )


def create_alarm(
    prefix: str,
    spec: AlarmSpec,
    *,
    dimensions: Mapping[str, Input[str]],
    topic_arn: Output[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """An alarm that tells the topic when it goes off and when it is over."""
    name = f"{prefix}-{spec.name}"
    ignored = ["actionsEnabled"] if spec.may_be_quiet else []
    MetricAlarm(
        name,
        name=name,
        alarm_description=spec.description,
        namespace=spec.namespace,
        metric_name=spec.metric,
        dimensions=dimensions,
        statistic=spec.statistic,
        comparison_operator="GreaterThanThreshold",
        threshold=spec.threshold,
        period=spec.period_s,
        evaluation_periods=spec.periods,
        treat_missing_data="notBreaching",
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn],
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(ignore_changes=ignored)),
    )
