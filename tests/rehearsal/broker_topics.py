"""The topics of the emulated MSK on brokers that run: every answer is what Kafka itself says."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import AlterConfigOp, ConfigResource, ConfigResourceType
from kafka.errors import KafkaError, TopicAlreadyExistsError, UnknownTopicOrPartitionError

from groundplan.rehearsal.emulator.kafka.errors import BadRequestError, NotFoundError, TopicExistsError
from groundplan.rehearsal.emulator.kafka.topic_store import Topic

_SETTLE_TIMEOUT_S = 60
_IN_A_ROW = 6
_PAUSE_S = 0.1


@contextmanager
def _as_msk() -> Generator[None]:
    """Kafka's refusals in the words of MSK's API."""
    try:
        yield
    except TopicAlreadyExistsError as error:
        raise TopicExistsError(str(error)) from error
    except UnknownTopicOrPartitionError as error:
        raise NotFoundError(str(error)) from error
    except (KafkaError, ValueError) as error:
        raise BadRequestError(f"{type(error).__name__}: {error}") from error


def settled(holds: Callable[[], bool]) -> None:
    """Wait until every broker has heard of a change: which one answers is chance, so a few times in a row."""
    deadline, row = time.monotonic() + _SETTLE_TIMEOUT_S, 0
    while row < _IN_A_ROW:
        row = row + 1 if holds() else 0
        assert time.monotonic() < deadline, "the brokers have not heard of the change"
        time.sleep(_PAUSE_S)


class BrokerTopics:
    """A `TopicStore`.

    Args:
        admin: a client that may do everything.
    """

    def __init__(self, admin: KafkaAdminClient) -> None:
        self._admin = admin

    def create(self, topic: Topic) -> None:
        """See `TopicStore`."""
        asked = {
            "num_partitions": topic.partitions,
            "replication_factor": topic.replicas,
            "configs": dict(topic.configuration),
        }
        with _as_msk():
            self._admin.create_topics({topic.name: asked})
            self._admin.wait_for_topics([topic.name])
        own = dict(topic.configuration)
        settled(lambda: self.configuration(topic.name, "modified") == own)

    def get(self, name: str) -> Topic:
        """See `TopicStore`."""
        partitions = self._described(name)["partitions"]
        return Topic(
            name=name,
            partitions=len(partitions),
            replicas=len(partitions[0]["replica_nodes"]),
            configuration=self.configuration(name),
        )

    def configuration(self, name: str, config_filter: str = "all") -> dict[str, str]:
        """Settings of a topic: all that are in force, or those of its own (`modified`)."""
        resource = ConfigResource(ConfigResourceType.TOPIC, name)
        found = self._admin.describe_configs([resource], config_filter=config_filter)["topic"][name]
        return {
            key: each["value"]
            for key, each in found.items()
            if config_filter == "all" or each["config_source"] == "DYNAMIC_TOPIC_CONFIG"
        }

    def all(self) -> list[Topic]:
        """See `TopicStore`."""
        return [self.get(name) for name in self._admin.list_topics() if not name.startswith("__")]

    def partitions(self, name: str) -> list[dict[str, Any]]:
        """See `TopicStore`."""
        return [
            {
                "Partition": each["partition_index"],
                "Leader": each["leader_id"],
                "Replicas": each["replica_nodes"],
                "Isr": each["isr_nodes"],
            }
            for each in self._described(name)["partitions"]
        ]

    def configure(self, name: str, configuration: Mapping[str, str]) -> None:
        """See `TopicStore`."""
        gone = self.configuration(name, "modified").keys() - configuration.keys()
        operations: dict[str, Any] = dict(configuration) | dict.fromkeys(gone, (AlterConfigOp.DELETE, None))
        with _as_msk():
            self._admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs=operations)])
        settled(lambda: self.configuration(name, "modified") == dict(configuration))

    def grow(self, name: str, partitions: int) -> None:
        """See `TopicStore`."""
        with _as_msk():
            self._admin.create_partitions({name: partitions})
        settled(lambda: len(self._described(name)["partitions"]) == partitions)

    def delete(self, name: str) -> None:
        """See `TopicStore`."""
        with _as_msk():
            self._admin.delete_topics([name])
        settled(lambda: name not in self._admin.list_topics())

    def _described(self, name: str) -> dict[str, Any]:
        (found,) = self._admin.describe_topics([name])
        if found["error_code"]:
            raise NotFoundError(f"Topic '{name}' does not exist.")
        return found
