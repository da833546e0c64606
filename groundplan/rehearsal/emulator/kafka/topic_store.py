"""Where topics are: in memory with Kafka's rules, or (see `topic_brokers`) on brokers that run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from groundplan.rehearsal.emulator.kafka.errors import BadRequestError, NotFoundError, TopicExistsError

_DEFAULTS: Mapping[str, str] = {
    "cleanup.policy": "delete",
    "compression.type": "producer",
    "delete.retention.ms": "86400000",
    "max.message.bytes": "1048588",
    "min.insync.replicas": "1",
    "retention.bytes": "-1",
    "retention.ms": "604800000",
    "segment.bytes": "1073741824",
    "segment.ms": "604800000",
    "unclean.leader.election.enable": "false",
}
"""Settings that a topic of ours may have, and what is in force without them:
https://kafka.apache.org/39/configuration/topic-level-configs/"""
_NAME = re.compile(r"[a-zA-Z0-9._-]{1,249}")


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A topic.

    Args:
        name: as clients know it.
        partitions: how many.
        replicas: of each partition.
        configuration: its settings; of one that is described, all that are in force.
    """

    name: str
    partitions: int
    replicas: int
    configuration: Mapping[str, str]


class TopicStore(Protocol):
    """What MSK does with the topics of one cluster."""

    def create(self, topic: Topic) -> None:
        """Make a topic.

        Raises:
            TopicExistsError: there is one of this name.
            BadRequestError: Kafka would not have it so.
        """

    def get(self, name: str) -> Topic:
        """A topic with all settings that are in force.

        Raises:
            NotFoundError: there is none of this name.
        """

    def all(self) -> list[Topic]:
        """Every topic that is not Kafka's own."""

    def partitions(self, name: str) -> list[dict[str, Any]]:
        """Its partitions in the API's shape.

        Raises:
            NotFoundError: there is none of this name.
        """

    def configure(self, name: str, configuration: Mapping[str, str]) -> None:
        """Give a topic these settings and no others.

        Raises:
            NotFoundError: there is none of this name.
            BadRequestError: Kafka has no such setting.
        """

    def grow(self, name: str, partitions: int) -> None:
        """Give a topic more partitions.

        Raises:
            NotFoundError: there is none of this name.
            BadRequestError: it has as many or more.
        """

    def delete(self, name: str) -> None:
        """Delete a topic and its events.

        Raises:
            NotFoundError: there is none of this name.
        """


@dataclass
class RememberedTopics:
    """Topics of a cluster whose brokers do not run.

    Args:
        brokers: how many the cluster has.
    """

    brokers: int
    _found: dict[str, Topic] = field(default_factory=dict)

    def create(self, topic: Topic) -> None:
        """See `TopicStore`."""
        if topic.name in self._found:
            raise TopicExistsError(f"Topic '{topic.name}' already exists.")
        if not _NAME.fullmatch(topic.name) or topic.name in {".", ".."}:
            raise BadRequestError(f"Topic name is invalid: {topic.name!r}.")
        if topic.partitions < 1:
            raise BadRequestError("Number of partitions was set to an invalid non-positive value.")
        if not 1 <= topic.replicas <= self.brokers:
            raise BadRequestError(
                f"Replication factor: {topic.replicas} larger than brokers: {self.brokers}."
            )
        self._found[topic.name] = replace(topic, configuration=_known(topic.configuration))

    def get(self, name: str) -> Topic:
        """See `TopicStore`."""
        topic = self._own(name)
        return replace(topic, configuration={**_DEFAULTS, **topic.configuration})

    def all(self) -> list[Topic]:
        """See `TopicStore`."""
        return list(self._found.values())

    def partitions(self, name: str) -> list[dict[str, Any]]:
        """See `TopicStore`."""
        topic = self._own(name)
        held = [
            [(number + replica) % self.brokers + 1 for replica in range(topic.replicas)]
            for number in range(topic.partitions)
        ]
        return [
            {"Partition": number, "Leader": brokers[0], "Replicas": brokers, "Isr": brokers}
            for number, brokers in enumerate(held)
        ]

    def configure(self, name: str, configuration: Mapping[str, str]) -> None:
        """See `TopicStore`."""
        self._found[name] = replace(self._own(name), configuration=_known(configuration))

    def grow(self, name: str, partitions: int) -> None:
        """See `TopicStore`."""
        topic = self._own(name)
        if partitions <= topic.partitions:
            raise BadRequestError(
                f"The topic {name} currently has {topic.partitions} partition(s); "
                f"{partitions} would not be an increase."
            )
        self._found[name] = replace(topic, partitions=partitions)

    def delete(self, name: str) -> None:
        """See `TopicStore`."""
        del self._found[self._own(name).name]

    def _own(self, name: str) -> Topic:
        if name not in self._found:
            raise NotFoundError(f"Topic '{name}' does not exist.")
        return self._found[name]


def _known(configuration: Mapping[str, str]) -> dict[str, str]:
    for name in configuration:
        if name not in _DEFAULTS:
            raise BadRequestError(f"Unknown topic config name: {name}")
    return dict(configuration)
