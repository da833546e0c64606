"""Mistakes that people make in a stack file with topics and quotas of the event stream."""

from __future__ import annotations

from typing import Any

from tests.unit.infra.settings.mistakes import Change

_TENANT = "groundplan:platform.tenants.vision.streaming"
_BROKERS = "groundplan:platform.streaming.brokers"


def _tenant(form: str = "provisioned", brokers: dict[str, Any] | None = None, **stream: Any) -> Change:
    def change(platform: dict[str, Any]) -> None:
        platform["streaming"] = {"form": form, "brokers": brokers or {}}
        platform["tenants"]["vision"]["streaming"] = stream

    return change


CASES: list[tuple[str, Change, tuple[str, object, str, str]]] = [
    (
        "topics where AWS takes none",
        _tenant("serverless", topics={"events": {}}),
        (
            f"{_TENANT}.topics",
            {"events": {}},
            "MSK Serverless has no API for topics",
            "nothing, or groundplan:platform.streaming.form: provisioned",
        ),
    ),
    (
        "quota where AWS takes none",
        _tenant("serverless", quota={"produce_kib_per_s": 1024, "consume_kib_per_s": 1024}),
        (
            f"{_TENANT}.quota",
            {"produce_kib_per_s": 1024, "consume_kib_per_s": 1024},
            "MSK Serverless has no API for quotas",
            "nothing, or groundplan:platform.streaming.form: provisioned",
        ),
    ),
    (
        "more partitions than brokers hold",
        _tenant(brokers={"per_zone": 1}, topics={"events": {"partitions": 1000}}),
        (
            f"{_BROKERS}.per_zone",
            1,
            "3 x kafka.m7g.large hold 1000 partitions with three replicas, but the topics have 1006",
            "more brokers, a larger type, or topics with fewer partitions",
        ),
    ),
    (
        "quotas that promise more than brokers carry",
        _tenant(brokers={"per_zone": 1}, quota={"produce_kib_per_s": 100_000, "consume_kib_per_s": 100_000}),
        (
            f"{_BROKERS}.per_zone",
            1,
            "3 x kafka.m7g.large take 30761 KiB/s while a zone is down, "
            "but the quotas of vision promise 100000",
            "more brokers, a larger type, or smaller quotas",
        ),
    ),
    (
        "topic with the tenant's name in it",
        _tenant(topics={"vision.events": {}}),
        (
            f"{_TENANT}.topics.vision.events",
            "vision.events",
            "the name cannot be used",
            r"a name that matches ^[a-z][a-z0-9_-]{0,39}$",
        ),
    ),
    (
        "topic that decides how durable it is",
        _tenant(topics={"events": {"replicas": 1}}),
        (
            f"{_TENANT}.topics.events.replicas",
            1,
            "there is no such key",
            "one of partitions, retention_hours",
        ),
    ),
    (
        "quota in the wrong unit",
        _tenant(quota={"produce_kib_per_s": "10 MB", "consume_kib_per_s": 1024}),
        (
            f"{_TENANT}.quota.produce_kib_per_s",
            "10 MB",
            "this is not a whole number",
            "a whole number from 64 to 10000000",
        ),
    ),
]
