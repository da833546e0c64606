"""What the emulated MSK remembers: clusters, configurations, operations and topics."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from moto.ec2.models import ec2_backends
from moto.kms.models import kms_backends

from groundplan.rehearsal.emulator.kafka.errors import BadRequestError, NotFoundError
from groundplan.rehearsal.emulator.kafka.topic_store import RememberedTopics, TopicStore

Record = dict[str, Any]
"""A structure of the MSK API by its member names."""


@dataclass
class Configuration:
    """A configuration with all its revisions.

    Args:
        record: the `Configuration` structure.
        revisions: of each revision, what `DescribeConfigurationRevision` answers.
    """

    record: Record
    revisions: dict[int, Record] = field(default_factory=dict)

    def add(self, properties: Any, description: str | None) -> Record:
        """Add a revision and make it the latest."""
        number, made = len(self.revisions) + 1, now()
        latest = {"CreationTime": made, "Description": description or "", "Revision": number}
        self.revisions[number] = {"Arn": self.record["Arn"], "ServerProperties": properties, **latest}
        self.record["LatestRevision"] = latest
        return latest


@dataclass
class KafkaStore:
    """All of MSK of one account in one region.

    Args:
        account_id: twelve digits.
        region: AWS region.
        elsewhere: those of other regions, by region.
    """

    account_id: str
    region: str
    clusters: dict[str, Record] = field(default_factory=dict)
    configurations: dict[str, Configuration] = field(default_factory=dict)
    operations: dict[str, Record] = field(default_factory=dict)
    topics: dict[str, TopicStore] = field(default_factory=dict)
    elsewhere: dict[str, KafkaStore] = field(default_factory=dict)

    def there(self, region: str) -> KafkaStore:
        """The store of a region."""
        if region == self.region:
            return self
        return self.elsewhere.setdefault(region, KafkaStore(self.account_id, region))

    def clear(self) -> None:
        """Forget everything, in all regions."""
        for part in (self.clusters, self.configurations, self.operations, self.topics, self.elsewhere):
            part.clear()

    def cluster(self, arn: str) -> Record:
        """The cluster of that ARN.

        Raises:
            NotFoundError: there is none.
        """
        if arn not in self.clusters:
            raise NotFoundError(f"Cluster {arn} does not exist.")
        return self.clusters[arn]

    def topics_of(self, cluster: Record) -> TopicStore:
        """Where the topics of a provisioned cluster are."""
        brokers = cluster["Provisioned"]["NumberOfBrokerNodes"]
        return self.topics.setdefault(cluster["ClusterArn"], RememberedTopics(brokers))

    def configuration(self, arn: str) -> Configuration:
        """The configuration of that ARN.

        Raises:
            BadRequestError: there is none; MSK answers 400 here, and clients know it by these words.
        """
        if arn not in self.configurations:
            raise BadRequestError("The request is not valid. Configuration ARN does not exist.")
        return self.configurations[arn]

    def arn(self, kind: str, name: str, suffix: str) -> str:
        """A new ARN, as MSK makes them."""
        return f"arn:aws:kafka:{self.region}:{self.account_id}:{kind}/{name}/{uuid4()}-{suffix}"

    def require_subnets(self, subnet_ids: list[str]) -> None:
        """Check that subnets exist and lie in different zones.

        Raises:
            BadRequestError: one does not exist, or two share a zone.
        """
        backend: Any = ec2_backends[self.account_id][self.region]  # put together of mix-ins without a type
        known = {subnet.id: subnet for subnet in backend.describe_subnets()}
        missing = [subnet_id for subnet_id in subnet_ids if subnet_id not in known]
        if missing:
            raise BadRequestError(f"The subnets {', '.join(missing)} do not exist.")
        if len({known[subnet_id].availability_zone for subnet_id in subnet_ids}) < len(subnet_ids):
            raise BadRequestError("Specify one subnet in each availability zone.")

    def require_key(self, arn: str) -> None:
        """Check that a KMS key exists and is enabled.

        Raises:
            BadRequestError: it does not, or is not.
        """
        key = kms_backends[self.account_id][self.region].keys.get(arn.rpartition("/")[2])
        if key is None or not key.enabled:
            raise BadRequestError(f"The KMS key {arn} is not valid.")


def now() -> datetime:
    """This second."""
    return datetime.now(UTC).replace(microsecond=0)
