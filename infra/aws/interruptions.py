"""What EC2 says beforehand of instances that it takes away, in a queue that Karpenter reads."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pulumi
from pulumi import Input, Output
from pulumi_aws.cloudwatch.event_rule import EventRule
from pulumi_aws.cloudwatch.event_target import EventTarget
from pulumi_aws.sqs.queue import Queue
from pulumi_aws.sqs.queue_policy import QueuePolicy

from infra.aws.account import Account
from infra.aws.documents import allow, deny, document

_KEPT_S = 300
"""Older news of an interruption are of instances that are gone."""

_EVENTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "health": {"source": ["aws.health"], "detail-type": ["AWS Health Event"]},
        "spot": {"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]},
        "rebalance": {"source": ["aws.ec2"], "detail-type": ["EC2 Instance Rebalance Recommendation"]},
        "state": {
            "source": ["aws.ec2"],
            "detail-type": ["EC2 Instance State-change Notification"],
            "detail": {"state": ["shutting-down", "stopped", "stopping", "terminated"]},
        },
    }
)
"""What Karpenter acts upon (karpenter.sh, concepts/disruption, "Interruption"), by the rule's name."""


def create_interruption_queue(
    name: str, *, account: Account, key_arn: Input[str], opts: pulumi.ResourceOptions
) -> tuple[Queue, list[pulumi.CustomResource]]:
    """An encrypted queue that only EventBridge of this account writes to, and the rules that make it do so.

    Returns:
        The queue, and what must be there before anything arrives in it.
    """
    queue = Queue(
        name,
        name=name,
        message_retention_seconds=_KEPT_S,
        kms_master_key_id=key_arn,
        opts=opts,
    )
    rules = [_tell(f"{name}-{kind}", pattern, queue, opts) for kind, pattern in _EVENTS.items()]
    policy = QueuePolicy(name, queue_url=queue.url, policy=_policy(queue.arn, account), opts=opts)
    return queue, [policy, *rules]


def _tell(name: str, pattern: Mapping[str, Any], queue: Queue, opts: pulumi.ResourceOptions) -> EventTarget:
    rule = EventRule(
        name,
        name=name,
        description="What Karpenter has to know of instances",
        event_pattern=Output.json_dumps(dict(pattern)),
        opts=opts,
    )
    return EventTarget(name, rule=rule.name, target_id="karpenter", arn=queue.arn, opts=opts)


def _policy(queue_arn: Output[str], account: Account) -> Output[str]:
    return document(
        allow(
            "SendByEventBridge",
            principals={"Service": "events.amazonaws.com"},
            actions=["sqs:SendMessage"],
            resources=[queue_arn],
            conditions={"StringEquals": {"aws:SourceAccount": account.id}},
        ),
        deny(
            "OnlyByTls",
            principals="*",
            actions=["sqs:*"],
            resources=[queue_arn],
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        ),
    )
