"""What MSK's topic operations need: actions of Kafka itself, on the cluster and on the topic.

Source: https://docs.aws.amazon.com/msk/latest/developerguide/msk-topic-operations-information.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from groundplan.rehearsal.emulator.need import Need

_ON_TOPICS = {
    "CreateTopic": ("CreateTopic",),
    "DeleteTopic": ("DescribeTopic", "DeleteTopic"),
    "DescribeTopic": ("DescribeTopic", "DescribeTopicDynamicConfiguration"),
    "DescribeTopicPartitions": ("DescribeTopic", "DescribeTopicDynamicConfiguration"),
    "ListTopics": ("DescribeTopic",),
    "UpdateTopic": ("DescribeTopic", "AlterTopic", "AlterTopicDynamicConfiguration"),
}


def topic_needs(operation: str, parameters: Mapping[str, Any]) -> Iterator[Need]:
    """What the caller must be allowed; nothing for an operation that is not about topics."""
    if operation not in _ON_TOPICS:
        return
    cluster = str(parameters.get("ClusterArn", "*"))
    topic = f"{cluster.replace(':cluster/', ':topic/', 1)}/{parameters.get('TopicName', '*')}"
    yield Need("kafka-cluster:Connect", cluster)
    for action in _ON_TOPICS[operation]:
        yield Need(f"kafka-cluster:{action}", topic)
