"""Topics by MSK's own API. What is done to them is done where topics are: see `topic_store`."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from moto.core.responses import ActionResult

from groundplan.rehearsal.emulator.kafka.errors import BadRequestError
from groundplan.rehearsal.emulator.kafka.operations import Operations
from groundplan.rehearsal.emulator.kafka.topic_store import Topic, TopicStore

_LEAST_VERSION = (3, 6)
"""https://docs.aws.amazon.com/msk/latest/developerguide/msk-topic-operations-information.html"""


class TopicOperations(Operations):
    """CreateTopic to DeleteTopic; each takes effect at once."""

    def _topics(self) -> TopicStore:
        """Those of the cluster that the request names."""
        record = self.store.cluster(self.params["ClusterArn"])
        if "Provisioned" not in record:
            raise BadRequestError("This operation cannot be performed on serverless clusters.")
        version = record["Provisioned"]["CurrentBrokerSoftwareInfo"]["KafkaVersion"]
        if tuple(int(part) for part in version.split(".")[:2]) < _LEAST_VERSION:
            raise BadRequestError(f"Topics of a cluster of version {version} cannot be managed by this API.")
        return self.store.topics_of(record)

    def _arn(self, name: str) -> str:
        return f"{self.params['ClusterArn'].replace(':cluster/', ':topic/', 1)}/{name}"

    def _status(self, name: str, status: str) -> ActionResult:
        return ActionResult({"TopicArn": self._arn(name), "TopicName": name, "Status": status})

    def create_topic(self) -> ActionResult:
        """CreateTopic."""
        topic = Topic(
            name=self.params["TopicName"],
            partitions=self.params["PartitionCount"],
            replicas=self.params["ReplicationFactor"],
            configuration=_configuration(self.params.get("Configs")),
        )
        self._topics().create(topic)
        return self._status(topic.name, "CREATING")

    def describe_topic(self) -> ActionResult:
        """DescribeTopic: with all settings that are in force, not only the topic's own."""
        topic = self._topics().get(self.params["TopicName"])
        return ActionResult(
            {
                "TopicArn": self._arn(topic.name),
                "TopicName": topic.name,
                "ReplicationFactor": topic.replicas,
                "PartitionCount": topic.partitions,
                "Configs": base64.b64encode(json.dumps(topic.configuration).encode()).decode(),
                "Status": "ACTIVE",
            }
        )

    def describe_topic_partitions(self) -> ActionResult:
        """DescribeTopicPartitions: who leads each, and who has a copy."""
        return self._page("Partitions", self._topics().partitions(self.params["TopicName"]))

    def list_topics(self) -> ActionResult:
        """ListTopics."""
        prefix = self.params.get("TopicNameFilter") or ""
        found = [
            {
                "TopicArn": self._arn(topic.name),
                "TopicName": topic.name,
                "ReplicationFactor": topic.replicas,
                "PartitionCount": topic.partitions,
                "OutOfSyncReplicaCount": 0,
            }
            for topic in self._topics().all()
            if topic.name.startswith(prefix)
        ]
        return self._page("Topics", found)

    def update_topic(self) -> ActionResult:
        """UpdateTopic: settings or partitions, one at a time."""
        name, topics = self.params["TopicName"], self._topics()
        configs, partitions = self.params.get("Configs"), self.params.get("PartitionCount")
        if (configs is None) == (partitions is None):
            raise BadRequestError("You must specify either configs or partitionCount to update.")
        if partitions is not None:
            topics.grow(name, partitions)
        else:
            topics.configure(name, _configuration(configs))
        return self._status(name, "UPDATING")

    def delete_topic(self) -> ActionResult:
        """DeleteTopic, with all its events."""
        self._topics().delete(self.params["TopicName"])
        return self._status(self.params["TopicName"], "DELETING")


def _configuration(text: str | None) -> dict[str, str]:
    """Settings as the API takes them: an object in JSON, in base64."""
    if text is None:
        return {}
    try:
        found: Any = json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        found = None
    if not isinstance(found, dict):
        raise BadRequestError(
            "The topic configs are not valid: an object in JSON, encoded in base64, is needed."
        )
    return {name: str(value) for name, value in found.items()}
