"""Tests of the tenants' topics and quotas, against numbers computed by hand."""

from __future__ import annotations

import pytest

from infra.planning.topics import (
    Quota,
    broker_share,
    kafka_user,
    partitions_held,
    plan_topics,
    produce_capacity_kib_per_s,
)


def test_each_data_set_has_a_topic_and_what_is_left_out_is_as_usual() -> None:
    """The tenant's name stands before the topic's, in the order of the table of tenants."""
    planned = plan_topics(
        {"fraud": {"payments": (24, None), "verdicts": (None, 720)}},
        {"vision": "digits", "fraud": "payments"},
        partitions=6,
        retention_hours=168,
    )
    assert [(topic.tenant, topic.name, topic.partitions, topic.retention_hours) for topic in planned] == [
        ("vision", "vision.digits", 6, 168),
        ("fraud", "fraud.payments", 24, 168),
        ("fraud", "fraud.verdicts", 6, 720),
    ]


def test_a_topic_says_how_durable_it_is() -> None:
    """In Kafka's own words, times in milliseconds."""
    (topic,) = plan_topics({}, {"vision": "digits"}, partitions=6, retention_hours=24)
    assert topic.configuration == {
        "cleanup.policy": "delete",
        "min.insync.replicas": "2",
        "retention.ms": "86400000",
        "unclean.leader.election.enable": "false",
    }


def test_brokers_share_a_rate_and_not_the_time_of_a_thread() -> None:
    """6 MiB/s over six brokers is 1 MiB/s of each; 100 % of a thread is that of each broker."""
    share = broker_share(produce_kib_per_s=6144, consume_kib_per_s=12288, request_percent=100, brokers=6)
    assert share == Quota(produce_bytes_per_s=1048576, consume_bytes_per_s=2097152, request_percent=100)


@pytest.mark.parametrize(
    ("broker_type", "brokers", "held"),
    [("kafka.t3.small", 3, 300), ("kafka.m7g.large", 3, 1000), ("kafka.m7g.8xlarge", 6, 8000)],
)
def test_partitions_are_held_with_their_replicas(broker_type: str, brokers: int, held: int) -> None:
    """A broker's recommended partitions, of which each counts three times."""
    assert partitions_held(broker_type, brokers) == held


def test_a_cluster_takes_what_two_zones_write() -> None:
    """m7g.large: min(78.75 x 2/3, 117.1 x 2/(1 + 2)) x 0.6 = 31.5 MB/s; none is known of a burstable type."""
    assert produce_capacity_kib_per_s("kafka.m7g.large", 3, reads_per_event=1) == 30761
    assert produce_capacity_kib_per_s("kafka.t3.small", 3, reads_per_event=1) is None


def test_kafka_knows_a_tenant_by_the_session_of_its_role() -> None:
    """As MSK writes it: without the path that a role's own ARN has."""
    assert (
        kafka_user("aws", "123456789012", "groundplan-prod-vision-stream", "vision")
        == "arn:aws:sts::123456789012:assumed-role/groundplan-prod-vision-stream/vision"
    )
