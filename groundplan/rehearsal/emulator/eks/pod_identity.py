"""Pod identity associations: which IAM role the pods of a service account get."""

from __future__ import annotations

from moto.core.responses import ActionResult

from groundplan.rehearsal.emulator.eks.errors import (
    InvalidParameterError,
    ResourceInUseError,
    ResourceNotFoundError,
)
from groundplan.rehearsal.emulator.eks.operations import Operations
from groundplan.rehearsal.emulator.eks.store import Cluster, EksStore, Record, now, short_id

_SUMMARY = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId", "ownerArn")


def find(store: EksStore, namespace: str, service_account: str) -> Record | None:
    """The association of a service account (one API server stands behind every cluster)."""
    with store.lock:
        for cluster in store.clusters.values():
            for record in cluster.associations.values():
                if (record["namespace"], record["serviceAccount"]) == (namespace, service_account):
                    return record
    return None


def associate(store: EksStore, cluster: Cluster, requested: Record) -> Record:
    """Add an association and return it."""
    association_id = f"a-{short_id()}"
    record: Record = {
        "clusterName": cluster.name,
        "namespace": requested["namespace"],
        "serviceAccount": requested["serviceAccount"],
        "roleArn": requested["roleArn"],
        "associationArn": store.arn("podidentityassociation", cluster.name, association_id),
        "associationId": association_id,
        "tags": requested.get("tags") or {},
        "createdAt": now(),
        "modifiedAt": now(),
        "ownerArn": requested.get("ownerArn"),
        "disableSessionTags": bool(requested.get("disableSessionTags")),
        "targetRoleArn": requested.get("targetRoleArn"),
    }
    cluster.associations[association_id] = record
    store.notify()
    return record


class PodIdentityOperations(Operations):
    """CreatePodIdentityAssociation and what follows from it."""

    def _association(self, cluster: Cluster) -> Record:
        association_id = self.params["associationId"]
        if association_id not in cluster.associations:
            raise ResourceNotFoundError(
                f"No pod identity association found for association ID: {association_id}",
                clusterName=cluster.name,
            )
        return cluster.associations[association_id]

    def _require_role(self) -> None:
        if "roleArn" in self.params and self._account.role(self.params["roleArn"]) is None:
            raise InvalidParameterError("Role provided in the request does not exist.")

    def create_pod_identity_association(self) -> ActionResult:
        """CreatePodIdentityAssociation."""
        cluster = self._cluster()
        existing = find(self.store, self.params["namespace"], self.params["serviceAccount"])
        if existing:
            raise ResourceInUseError(
                f"Association already exists: {existing['associationId']}", clusterName=cluster.name
            )
        self._require_role()
        return ActionResult({"association": associate(self.store, cluster, self.params)})

    def describe_pod_identity_association(self) -> ActionResult:
        """DescribePodIdentityAssociation."""
        return ActionResult({"association": self._association(self._cluster())})

    def list_pod_identity_associations(self) -> ActionResult:
        """ListPodIdentityAssociations, by namespace and service account if they are named."""
        wanted = self._pick("namespace", "serviceAccount")
        found = [
            {name: record[name] for name in _SUMMARY}
            for record in self._cluster().associations.values()
            if all(record[name] == value for name, value in wanted.items())
        ]
        return self._page("associations", found)

    def update_pod_identity_association(self) -> ActionResult:
        """UpdatePodIdentityAssociation: another role."""
        association = self._association(self._cluster())
        self._require_role()
        association.update(self._pick("roleArn", "disableSessionTags", "targetRoleArn"), modifiedAt=now())
        self.store.notify()
        return ActionResult({"association": association})

    def delete_pod_identity_association(self) -> ActionResult:
        """DeletePodIdentityAssociation."""
        cluster = self._cluster()
        association = self._association(cluster)
        del cluster.associations[association["associationId"]]
        self.store.notify()
        return ActionResult({"association": association})
