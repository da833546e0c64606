"""Plans the topics and quotas of the tenants on one Kafka cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infra.planning.streaming import BROKER_TYPES, REPLICATION, cluster_mb_per_s

MIN_IN_SYNC = 2
"""Replicas that have an event before it counts; one of three may be missing, as in an upgrade."""
_OTHER_PARTITIONS = {"kafka.t3.small": 300, "kafka.m7g.8xlarge": 4000}
"""Recommended most partitions, with replicas, of a broker of a type that the planner does not choose
(MSK's best practices)."""
_KIB = 1024
_MB = 1_000_000
_HOUR_MS = 3_600_000


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A topic of one tenant.

    Args:
        tenant: whose it is.
        name: what it is called on the cluster.
        partitions: it can get more of them, never fewer.
        retention_hours: hours that it keeps events for.
    """

    tenant: str
    name: str
    partitions: int
    retention_hours: int

    @property
    def configuration(self) -> dict[str, str]:
        """Its own settings, said in full, so that a change of a broker's default does not reach it.

        Meaning: https://kafka.apache.org/39/configuration/topic-level-configs/
        """
        return {
            "cleanup.policy": "delete",
            "min.insync.replicas": str(MIN_IN_SYNC),
            "retention.ms": str(self.retention_hours * _HOUR_MS),
            "unclean.leader.election.enable": "false",
        }


@dataclass(frozen=True, kw_only=True)
class Quota:
    """What the clients of one tenant may ask of one broker; Kafka makes them wait when they ask for more.

    Args:
        produce_bytes_per_s: bytes per second that it takes from them.
        consume_bytes_per_s: bytes per second that it gives them.
        request_percent: time of its threads, in percent of one thread.
    """

    produce_bytes_per_s: int
    consume_bytes_per_s: int
    request_percent: int


def topic_name(tenant: str, topic: str) -> str:
    """What a tenant's topic is called: no tenant's name has a dot, so a prefix belongs to one tenant."""
    return f"{tenant}.{topic}"


def plan_topics(
    asked: Mapping[str, Mapping[str, tuple[int | None, int | None]]],
    datasets: Mapping[str, str],
    *,
    partitions: int,
    retention_hours: int,
) -> list[Topic]:
    """Every topic of a cluster: one for each tenant's data set, and what tenants ask for.

    Args:
        asked: by tenant, then by topic: partitions and hours of retention, where they say it.
        datasets: by tenant.
        partitions: of a topic that does not say how many.
        retention_hours: of a topic that does not say how long.
    """
    return [
        Topic(
            tenant=tenant,
            name=topic_name(tenant, name),
            partitions=own or partitions,
            retention_hours=hours or retention_hours,
        )
        for tenant, dataset in datasets.items()
        for name, (own, hours) in sorted({dataset: (None, None), **asked.get(tenant, {})}.items())
    ]


def kafka_users(partition: str, account_id: str, roles: str) -> str:
    """How the names begin of the users that Kafka sees for roles whose names begin with `roles`."""
    return f"arn:{partition}:sts::{account_id}:assumed-role/{roles}"


def kafka_user(partition: str, account_id: str, role: str, session: str) -> str:
    """The user that Kafka sees. To MSK, each name of a session of a role is another user.

    Source: "Multi-tenancy Apache Kafka clusters in Amazon MSK with IAM access control and Kafka quotas",
    AWS Big Data Blog, 2023.
    """
    return kafka_users(partition, account_id, f"{role}/{session}")


def broker_share(
    *, produce_kib_per_s: int, consume_kib_per_s: int, request_percent: int, brokers: int
) -> Quota:
    """A quota of the cluster as Kafka enforces it: each broker counts for itself.

    Source: https://kafka.apache.org/39/design/design/#quotas
    """
    return Quota(
        produce_bytes_per_s=produce_kib_per_s * _KIB // brokers,
        consume_bytes_per_s=consume_kib_per_s * _KIB // brokers,
        request_percent=request_percent,
    )


def partitions_held(broker_type: str, brokers: int) -> int:
    """Partitions, without replicas, that a cluster should hold at most."""
    known = {each.name: each.partitions for each in BROKER_TYPES} | _OTHER_PARTITIONS
    return known[broker_type] * brokers // REPLICATION


def produce_capacity_kib_per_s(broker_type: str, brokers: int, *, reads_per_event: int) -> int | None:
    """KiB per second that producers may send while a zone is down; None where no figures are known."""
    for each in BROKER_TYPES:
        if each.name == broker_type:
            return int(cluster_mb_per_s(each, brokers, reads_per_event) * _MB / _KIB)
    return None
