"""What all groups of MSK operations share, configurations, and tags."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from moto.core.responses import ActionResult, BaseResponse, EmptyResult

from groundplan.rehearsal.emulator.kafka.errors import BadRequestError, ConflictError, NotFoundError
from groundplan.rehearsal.emulator.kafka.store import Configuration, KafkaStore, Record, now


class Operations(BaseResponse):
    """Base of the mix-ins. One instance serves one request."""

    store: ClassVar[KafkaStore]
    params: dict[str, Any]

    def _page(self, key: str, items: Sequence[Any]) -> ActionResult:
        start = int(self.params.get("NextToken") or 0)
        end = start + int(self.params.get("MaxResults") or 100)
        token = str(end) if end < len(items) else None
        return ActionResult({key: list(items[start:end]), "NextToken": token})


class ConfigurationOperations(Operations):
    """Configurations: named lists of broker properties, in revisions."""

    def create_configuration(self) -> ActionResult:
        """CreateConfiguration."""
        name = self.params["Name"]
        if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z-]*", name):
            raise BadRequestError(f"The configuration name {name} is not valid.")
        if any(one.record["Name"] == name for one in self.store.configurations.values()):
            raise ConflictError("A resource with this name already exists.")
        configuration = Configuration(
            {
                "Arn": self.store.arn("configuration", name, "2"),
                "CreationTime": now(),
                "Description": self.params.get("Description") or "",
                "KafkaVersions": self.params.get("KafkaVersions") or [],
                "Name": name,
                "State": "ACTIVE",
            }
        )
        configuration.add(self.params["ServerProperties"], self.params.get("Description"))
        self.store.configurations[configuration.record["Arn"]] = configuration
        return ActionResult(_pick(configuration.record, "Arn CreationTime LatestRevision Name State"))

    def update_configuration(self) -> ActionResult:
        """UpdateConfiguration: adds a revision."""
        configuration = self.store.configuration(self.params["Arn"])
        latest = configuration.add(self.params["ServerProperties"], self.params.get("Description"))
        return ActionResult({"Arn": self.params["Arn"], "LatestRevision": latest})

    def describe_configuration(self) -> ActionResult:
        """DescribeConfiguration."""
        return ActionResult(self.store.configuration(self.params["Arn"]).record)

    def describe_configuration_revision(self) -> ActionResult:
        """DescribeConfigurationRevision."""
        revisions = self.store.configuration(self.params["Arn"]).revisions
        number = int(self.params["Revision"])
        if number not in revisions:
            raise NotFoundError(f"The revision {number} does not exist.")
        return ActionResult(revisions[number])

    def list_configurations(self) -> ActionResult:
        """ListConfigurations."""
        return self._page("Configurations", [one.record for one in self.store.configurations.values()])

    def list_configuration_revisions(self) -> ActionResult:
        """ListConfigurationRevisions."""
        revisions = self.store.configuration(self.params["Arn"]).revisions.values()
        return self._page("Revisions", [_pick(one, "CreationTime Description Revision") for one in revisions])

    def delete_configuration(self) -> ActionResult:
        """DeleteConfiguration; MSK refuses one that a cluster uses."""
        arn = self.params["Arn"]
        self.store.configuration(arn)
        for cluster in self.store.clusters.values():
            software = cluster.get("Provisioned", {}).get("CurrentBrokerSoftwareInfo", {})
            if software.get("ConfigurationArn") == arn:
                raise BadRequestError(f"The configuration is in use by the cluster {cluster['ClusterName']}.")
        del self.store.configurations[arn]
        return ActionResult({"Arn": arn, "State": "DELETING"})


class TagOperations(Operations):
    """TagResource, UntagResource and ListTagsForResource."""

    def _tags(self) -> dict[str, str]:
        return self.store.cluster(self.params["ResourceArn"])["Tags"]

    def tag_resource(self) -> ActionResult:
        """TagResource."""
        self._tags().update(self.params["Tags"])
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        """UntagResource."""
        tags = self._tags()
        for key in self.params["TagKeys"]:
            tags.pop(key, None)
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        """ListTagsForResource."""
        return ActionResult({"Tags": self._tags()})


def _pick(record: Record, names: str) -> Record:
    return {name: record[name] for name in names.split()}
