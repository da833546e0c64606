"""Tags of everything in EKS that has an ARN."""

from __future__ import annotations

from moto.core.responses import ActionResult, EmptyResult

from groundplan.rehearsal.emulator.eks.errors import ResourceNotFoundError
from groundplan.rehearsal.emulator.eks.operations import Operations


class TagOperations(Operations):
    """TagResource, UntagResource and ListTagsForResource."""

    def _tags(self) -> dict[str, str]:
        wanted = self.params["resourceArn"]
        for cluster in self.store.clusters.values():
            for arn, record in cluster.tagged():
                if arn == wanted:
                    return record["tags"]
        raise ResourceNotFoundError(f"Resource not found: {wanted}")

    def tag_resource(self) -> ActionResult:
        """TagResource."""
        self._tags().update(self.params["tags"])
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        """UntagResource."""
        tags = self._tags()
        for key in self.params["tagKeys"]:
            tags.pop(key, None)
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        """ListTagsForResource."""
        return ActionResult({"tags": self._tags()})
