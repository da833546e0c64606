"""Settings of a tenant's topics and quota, and what a cluster cannot hold of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from infra.planning.topics import Topic, partitions_held, plan_topics, produce_capacity_kib_per_s
from infra.settings.base import SettingsModel
from infra.settings.streaming import StreamingSettings
from infra.settings.types import ObjectName, refusal

_ZONES = 3


class TopicSettings(SettingsModel):
    """One topic. Each has three replicas, two of them in sync, and no unclean leader."""

    partitions: Annotated[int, Field(ge=1, le=1000)] | None = None
    """How many; without it, `streaming.brokers.partitions`. They can become more, never fewer."""
    retention_hours: Annotated[int, Field(ge=1, le=8760)] | None = None
    """Hours that it keeps events for; without it, `streaming.brokers.retention_hours`."""


class StreamQuotaSettings(SettingsModel):
    """What a tenant's clients together may ask of all brokers. They wait when they ask for more."""

    produce_kib_per_s: Annotated[int, Field(ge=64, le=10_000_000)]
    """KiB per second that they may send. Each broker grants an equal share of it: only a topic with as many
    partitions as there are brokers reaches all of it."""
    consume_kib_per_s: Annotated[int, Field(ge=64, le=10_000_000)]
    """KiB per second that they may fetch, shared in the same way."""
    request_percent: Annotated[int, Field(ge=1, le=3200)] = 100
    """Time that each broker may spend on their requests, in percent of one of its threads."""


class TenantStreamSettings(SettingsModel):
    """A tenant's part of the event stream. Its topics begin with its name, and only it uses them."""

    topics: Annotated[dict[ObjectName, TopicSettings], Field(default_factory=dict)]
    """Topics by name, the tenant's left out. Where brokers are provisioned, that of the data set is there
    anyway."""
    quota: StreamQuotaSettings | None = None
    """What it may ask of the brokers; without it, what they can give."""


def planned(
    streaming: StreamingSettings, streams: Mapping[str, TenantStreamSettings], datasets: Mapping[str, str]
) -> list[Topic]:
    """The topics of an environment; none where it is serverless.

    Args:
        streaming: the cluster.
        streams: by tenant.
        datasets: by tenant.
    """
    if streaming.form == "serverless":
        return []
    return plan_topics(
        {
            tenant: {name: (topic.partitions, topic.retention_hours) for name, topic in stream.topics.items()}
            for tenant, stream in streams.items()
        },
        datasets,
        partitions=streaming.brokers.partitions,
        retention_hours=streaming.brokers.retention_hours,
    )


def check_streams(
    streaming: StreamingSettings, streams: Mapping[str, TenantStreamSettings], topics: Sequence[Topic]
) -> None:
    """Refuse topics and quotas that the cluster does not take, or does not have room for.

    Args:
        streaming: the cluster.
        streams: by tenant.
        topics: what is planned of them.
    """
    if streaming.form == "serverless":
        _refuse_streams(streams)
        return
    brokers = streaming.brokers
    count = brokers.per_zone * _ZONES
    held = partitions_held(brokers.instance_type, count)
    asked = sum(topic.partitions for topic in topics)
    if asked > held:
        raise refusal(
            f"{count} x {brokers.instance_type} hold {held} partitions with three replicas, "
            f"but the topics have {asked}",
            allowed="more brokers, a larger type, or topics with fewer partitions",
            key=("platform", "streaming", "brokers", "per_zone"),
        )
    _check_quotas(streaming, streams)


def _refuse_streams(streams: Mapping[str, TenantStreamSettings]) -> None:
    for tenant, stream in streams.items():
        for key, given in (("topics", stream.topics), ("quota", stream.quota)):
            if given:
                raise refusal(
                    f"MSK Serverless has no API for {'topics' if key == 'topics' else 'quotas'}",
                    allowed="nothing, or groundplan:platform.streaming.form: provisioned",
                    key=("platform", "tenants", tenant, "streaming", key),
                )


def _check_quotas(streaming: StreamingSettings, streams: Mapping[str, TenantStreamSettings]) -> None:
    """Refuse quotas that promise more than the brokers carry while a zone is down."""
    quotas = {tenant: stream.quota for tenant, stream in streams.items() if stream.quota}
    if not quotas:
        return
    brokers = streaming.brokers
    promised = sum(quota.produce_kib_per_s for quota in quotas.values())
    read = sum(quota.consume_kib_per_s for quota in quotas.values())
    possible = produce_capacity_kib_per_s(
        brokers.instance_type, brokers.per_zone * _ZONES, reads_per_event=max(1, -(-read // promised))
    )
    if possible is not None and promised > possible:
        raise refusal(
            f"{brokers.per_zone * _ZONES} x {brokers.instance_type} take {possible} KiB/s while a zone is "
            f"down, but the quotas of {', '.join(quotas)} promise {promised}",
            allowed="more brokers, a larger type, or smaller quotas",
            key=("platform", "streaming", "brokers", "per_zone"),
        )
