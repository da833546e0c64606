"""Tests of the size of a Kafka cluster, against numbers computed by hand."""

from __future__ import annotations

import pytest
from moto.ec2.models.instance_types import INSTANCE_TYPES as EC2_RECORD

from infra.planning.prices import RATES
from infra.planning.streaming import (
    BROKER_TYPES,
    BrokerType,
    broker_storage_gib,
    cluster_mb_per_s,
    partitions_for,
    size_streaming,
)

LARGE = BROKER_TYPES[0]


@pytest.mark.parametrize("broker", BROKER_TYPES, ids=lambda broker: broker.name)
def test_brokers_agree_with_ec2(broker: BrokerType) -> None:
    """Disk link and network are the baselines of EC2's own record; each type has a price."""
    record = dict(EC2_RECORD)[broker.name.removeprefix("kafka.")]
    disk = record["EbsInfo"]["EbsOptimizedInfo"]["BaselineThroughputInMBps"]
    gigabits = record["NetworkInfo"]["NetworkCards"][0]["BaselineBandwidthInGbps"]
    assert broker.ebs_mb_per_s == pytest.approx(disk, rel=1e-3)
    assert broker.network_mb_per_s == pytest.approx(gigabits * 1000 / 8, rel=1e-3)
    assert broker.name in RATES


def test_partitions_follow_the_slower_side() -> None:
    """95 MB/s need 10 partitions, 6,000 events at 1,000 a pod need 6: 10, rounded up to a multiple of 3."""
    assert partitions_for(peak_mb_per_s=95, peak_events_per_s=6000, consumer_per_second=1000) == 12
    assert partitions_for(peak_mb_per_s=7.2, peak_events_per_s=6000, consumer_per_second=10_000) == 3


def test_cluster_is_limited_by_disk_or_network() -> None:
    """Two of three brokers left: disk 78.75 x 2/3 x 0.6 = 31.5; five streams: 117.1 x 2/5 x 0.6 = 28.1."""
    assert cluster_mb_per_s(LARGE, 3, 1) == pytest.approx(31.5)
    assert cluster_mb_per_s(LARGE, 3, 3) == pytest.approx(28.104)


def test_disks_hold_three_replicas_below_the_alarm() -> None:
    """2,000/s x 1,200 B x 72 h = 622 GB; x 3 / 3 brokers / 0.85 = 681.6 GiB."""
    assert broker_storage_gib(stored_bytes=2000 * 1200 * 72 * 3600, brokers=3) == 682


def test_small_stream_fits_three_small_brokers() -> None:
    """7.2 MB/s are below 31.5."""
    stream = size_streaming(peak_mb_per_s=7.2, consumer_groups=1, partitions=3, stored_bytes=2**30)
    assert (stream.broker_type, stream.brokers, stream.storage_gib) == ("kafka.m7g.large", 3, 2)


def test_large_stream_takes_larger_brokers() -> None:
    """100 MB/s: nine large ones carry 94.5, six xlarge 125."""
    stream = size_streaming(peak_mb_per_s=100, consumer_groups=1, partitions=12, stored_bytes=0)
    assert (stream.broker_type, stream.brokers) == ("kafka.m7g.xlarge", 6)


def test_many_partitions_take_more_brokers() -> None:
    """1,500 partitions are 4,500 replicas: five brokers of 1,000 each, so six."""
    stream = size_streaming(peak_mb_per_s=1, consumer_groups=1, partitions=1500, stored_bytes=0)
    assert (stream.broker_type, stream.brokers) == ("kafka.m7g.large", 6)
