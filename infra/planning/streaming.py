"""Sizes a Kafka cluster (Amazon MSK, standard brokers) for a stream."""

from __future__ import annotations

import math
from dataclasses import dataclass

ZONES = 3
REPLICATION = 3
"""Each record is on three brokers, one per zone."""
HEADROOM = 0.6
"""Share of a limit that is planned for. MSK's best practices keep a broker's CPU below 60 %."""
DISK_USE = 0.85
"""Share of a broker's disk that is planned for: MSK's best practices raise an alarm at 85 %."""
PARTITION_MB_PER_S = 10.0
"""What one partition takes: the low end of the "tens of MB/s" of Jun Rao (see `partitions_for`)."""
USUAL_BROKERS = 9
"""With more brokers the next larger type is considered: fewer brokers are fewer restarts at each upgrade."""


@dataclass(frozen=True, kw_only=True)
class BrokerType:
    """What one broker carries.

    Args:
        name: MSK's name.
        ebs_mb_per_s: baseline between instance and disk, in MB/s (EC2's DescribeInstanceTypes).
        storage_mb_per_s: the volume itself, in MB/s: 250 MiB/s unless more is provisioned (MSK's guide).
        network_mb_per_s: baseline of the network, in MB/s (EC2's list of general purpose instances).
        partitions: recommended most partitions with all replicas (MSK's best practices).
    """

    name: str
    ebs_mb_per_s: float
    storage_mb_per_s: float
    network_mb_per_s: float
    partitions: int


BROKER_TYPES = (
    BrokerType(
        name="kafka.m7g.large",
        ebs_mb_per_s=78.75,
        storage_mb_per_s=262.1,
        network_mb_per_s=117.1,
        partitions=1000,
    ),
    BrokerType(
        name="kafka.m7g.xlarge",
        ebs_mb_per_s=156.25,
        storage_mb_per_s=262.1,
        network_mb_per_s=234.5,
        partitions=1000,
    ),
    BrokerType(
        name="kafka.m7g.2xlarge",
        ebs_mb_per_s=312.5,
        storage_mb_per_s=262.1,
        network_mb_per_s=468.7,
        partitions=2000,
    ),
    BrokerType(
        name="kafka.m7g.4xlarge",
        ebs_mb_per_s=625,
        storage_mb_per_s=262.1,
        network_mb_per_s=937.5,
        partitions=4000,
    ),
)


@dataclass(frozen=True, kw_only=True)
class Streaming:
    """A Kafka cluster.

    Args:
        broker_type: MSK's name of the type.
        brokers: a multiple of three.
        partitions: of all topics together, without replicas.
        storage_gib: disk of one broker in GiB.
        peak_mb_per_s: what it is made for, in MB/s.
    """

    broker_type: str
    brokers: int
    partitions: int
    storage_gib: int
    peak_mb_per_s: float


def partitions_for(*, peak_mb_per_s: float, peak_events_per_s: float, consumer_per_second: float) -> int:
    """Partitions of one topic: `max(t/p, t/c)`, a multiple of the zones so that leaders spread evenly.

    t is the target rate, p what one partition takes, c what one consumer takes. Source: Jun Rao, "How to
    choose the number of topics/partitions in a Kafka cluster", Confluent, 2015.
    """
    needed = max(
        math.ceil(peak_mb_per_s / PARTITION_MB_PER_S), math.ceil(peak_events_per_s / consumer_per_second)
    )
    return ZONES * math.ceil(needed / ZONES)


def cluster_mb_per_s(broker_type: BrokerType, brokers: int, consumer_groups: int) -> float:
    """The most that producers may send in MB/s while one of three zones is down, with headroom.

    `min(storage x n/r, disk link x n/r, network x n/(groups + r - 1))` with r replicas and n brokers that are
    left. Source: "Best practices for right-sizing your Apache Kafka clusters to optimize performance and
    cost", AWS Big Data Blog, 2022.
    """
    left = brokers - brokers // ZONES
    disk = min(broker_type.storage_mb_per_s, broker_type.ebs_mb_per_s) * left / REPLICATION
    network = broker_type.network_mb_per_s * left / (consumer_groups + REPLICATION - 1)
    return HEADROOM * min(disk, network)


def broker_storage_gib(*, stored_bytes: float, brokers: int) -> int:
    """Disk of one broker in GiB: retained bytes x replicas / brokers, at 85 % full.

    Source: "Monitor disk space" in the best practices of Amazon MSK's developer guide.
    """
    return math.ceil(stored_bytes * REPLICATION / brokers / DISK_USE / 2**30)


def size_streaming(
    *, peak_mb_per_s: float, consumer_groups: int, partitions: int, stored_bytes: float
) -> Streaming:
    """The smallest broker type that carries the stream with a usual number of brokers; else the largest type.

    Args:
        peak_mb_per_s: what producers send at the peak, in MB/s.
        consumer_groups: how often each event is read.
        partitions: of all topics.
        stored_bytes: bytes that retention keeps, one replica.
    """
    for broker_type in BROKER_TYPES:
        brokers = ZONES
        while (
            cluster_mb_per_s(broker_type, brokers, consumer_groups) < peak_mb_per_s
            or partitions * REPLICATION > broker_type.partitions * brokers
        ):
            brokers += ZONES
        if brokers <= USUAL_BROKERS:
            break
    return Streaming(
        broker_type=broker_type.name,
        brokers=brokers,
        partitions=partitions,
        storage_gib=broker_storage_gib(stored_bytes=stored_bytes, brokers=brokers),
        peak_mb_per_s=peak_mb_per_s,
    )
