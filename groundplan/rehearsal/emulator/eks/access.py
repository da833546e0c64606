"""Access entries and their access policies: who may log in to a cluster, and with which rights."""

from __future__ import annotations

import re

from moto.core.responses import ActionResult, EmptyResult

from groundplan.rehearsal.emulator.eks.account import Account
from groundplan.rehearsal.emulator.eks.errors import (
    InvalidParameterError,
    InvalidRequestError,
    ResourceInUseError,
    ResourceNotFoundError,
)
from groundplan.rehearsal.emulator.eks.operations import Operations
from groundplan.rehearsal.emulator.eks.store import Cluster, EksStore, Record, now, unique_id

_POLICY_PREFIX = "arn:aws:eks::aws:cluster-access-policy/"
CLUSTER_ADMIN_POLICY = _POLICY_PREFIX + "AmazonEKSClusterAdminPolicy"
SCRAPER_POLICY = _POLICY_PREFIX + "AmazonPrometheusScraperPolicy"
SCRAPER_CLUSTER_ROLE = "eks:prometheus-scraper"
ADMIN_VIEW_CLUSTER_ROLE = "eks:admin-view"
CLUSTER_ROLE_OF_POLICY = {
    CLUSTER_ADMIN_POLICY: "cluster-admin",
    _POLICY_PREFIX + "AmazonEKSAdminPolicy": "admin",
    _POLICY_PREFIX + "AmazonEKSEditPolicy": "edit",
    _POLICY_PREFIX + "AmazonEKSViewPolicy": "view",
    _POLICY_PREFIX + "AmazonEKSAdminViewPolicy": ADMIN_VIEW_CLUSTER_ROLE,
    SCRAPER_POLICY: SCRAPER_CLUSTER_ROLE,
}
"""The access policies on offer, each with the Kubernetes role on which AWS modelled its rights.

For who sees everything, and for the collector of metrics, Kubernetes has no such role: see
`controllers.access`.
"""


def principal_of(caller_arn: str, account: Account) -> str | None:
    """The IAM principal behind an ARN of GetCallerIdentity: a user itself, or the role of a session."""
    session = re.fullmatch(r"arn:aws:sts::\d{12}:assumed-role/([^/]+)/[^/]+", caller_arn)
    if session:
        role = account.role_named(session[1])
        return role.arn if role else None
    return caller_arn if account.principal_exists(caller_arn) else None


def admit(store: EksStore, cluster: Cluster, principal: str, requested: Record | None = None) -> Record:
    """Add an access entry with EKS' defaults and return it."""
    requested = requested or {}
    kind = requested.get("type", "STANDARD")
    principal_kind, _, principal_name = principal.rpartition(":")[2].partition("/")
    node = kind != "STANDARD"
    entry: Record = {
        "clusterName": cluster.name,
        "principalArn": principal,
        "kubernetesGroups": ["system:nodes"] if node else requested.get("kubernetesGroups") or [],
        "accessEntryArn": store.arn(
            "access-entry",
            cluster.name,
            principal_kind,
            store.account_id,
            principal_name.split("/")[-1],
            unique_id(),
        ),
        "createdAt": now(),
        "modifiedAt": now(),
        "tags": requested.get("tags") or {},
        "username": "system:node:{{EC2PrivateDNSName}}"
        if node
        else requested.get("username") or _default_username(principal, store),
        "type": kind,
    }
    cluster.access_entries[principal] = entry
    return entry


def _default_username(principal: str, store: EksStore) -> str:
    if ":role/" in principal:
        name = principal.rsplit("/", maxsplit=1)[-1]
        return f"arn:aws:sts::{store.account_id}:assumed-role/{name}/{{{{SessionName}}}}"
    return principal


def new_association(policy_arn: str, scope: Record) -> Record:
    """A policy's association with an access entry."""
    return {"policyArn": policy_arn, "accessScope": scope, "associatedAt": now(), "modifiedAt": now()}


class AccessOperations(Operations):
    """Access entries and associated policies."""

    def _entry(self, cluster: Cluster) -> Record:
        principal = self.params["principalArn"]
        if principal not in cluster.access_entries:
            raise ResourceNotFoundError(
                f"The specified principalArn could not be found: {principal}", clusterName=cluster.name
            )
        return cluster.access_entries[principal]

    def _check_entry(self, cluster: Cluster) -> None:
        if cluster.record["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
            raise InvalidRequestError(
                "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] "
                "to perform this operation."
            )
        username = self.params.get("username") or ""
        groups = self.params.get("kubernetesGroups") or []
        reserved = [name for name in (username, *groups) if re.match(r"(system|eks|aws|amazon|iam):", name)]
        if reserved:
            raise InvalidParameterError(
                f"The name {reserved[0]} is invalid, it begins with a reserved prefix"
            )

    def create_access_entry(self) -> ActionResult:
        """CreateAccessEntry."""
        cluster, principal = self._cluster(), self.params["principalArn"]
        self._check_entry(cluster)
        if principal in cluster.access_entries:
            raise ResourceInUseError("The specified access entry resource is already in use on this cluster.")
        if not self._account.principal_exists(principal):
            raise InvalidParameterError("The specified principalArn is invalid: invalid principal.")
        entry = admit(self.store, cluster, principal, self.params)
        self.store.notify()
        return ActionResult({"accessEntry": entry})

    def describe_access_entry(self) -> ActionResult:
        """DescribeAccessEntry."""
        return ActionResult({"accessEntry": self._entry(self._cluster())})

    def list_access_entries(self) -> ActionResult:
        """ListAccessEntries, by policy if one is named."""
        cluster, policy = self._cluster(), self.params.get("associatedPolicyArn")
        principals = [
            principal
            for principal in sorted(cluster.access_entries)
            if policy is None or policy in cluster.access_policies.get(principal, {})
        ]
        return self._page("accessEntries", principals)

    def update_access_entry(self) -> ActionResult:
        """UpdateAccessEntry: groups and user name."""
        cluster = self._cluster()
        entry = self._entry(cluster)
        self._check_entry(cluster)
        entry.update(self._pick("kubernetesGroups", "username"), modifiedAt=now())
        self.store.notify()
        return ActionResult({"accessEntry": entry})

    def delete_access_entry(self) -> ActionResult:
        """DeleteAccessEntry, and with it its associations."""
        cluster = self._cluster()
        principal = self._entry(cluster)["principalArn"]
        del cluster.access_entries[principal]
        cluster.access_policies.pop(principal, None)
        self.store.notify()
        return EmptyResult()

    def list_access_policies(self) -> ActionResult:
        """ListAccessPolicies: those that the emulator can grant."""
        return self._page(
            "accessPolicies",
            [{"name": arn.split("/")[-1], "arn": arn} for arn in sorted(CLUSTER_ROLE_OF_POLICY)],
        )

    def associate_access_policy(self) -> ActionResult:
        """AssociateAccessPolicy; a second call changes the scope."""
        cluster, policy, scope = self._cluster(), self.params["policyArn"], self.params["accessScope"]
        entry = self._entry(cluster)
        if policy not in CLUSTER_ROLE_OF_POLICY:
            raise ResourceNotFoundError(
                f"The specified policyArn is invalid: {policy}", clusterName=cluster.name
            )
        if entry["type"] != "STANDARD":
            raise InvalidRequestError(
                "Access policies can only be associated with access entries of type STANDARD"
            )
        if (scope.get("type") == "namespace") != bool(scope.get("namespaces")):
            raise InvalidParameterError(
                "Namespaces must be given for a scope of type namespace, and only for it"
            )
        association = new_association(
            policy, {"type": scope["type"], "namespaces": scope.get("namespaces") or []}
        )
        cluster.access_policies.setdefault(entry["principalArn"], {})[policy] = association
        self.store.notify()
        return ActionResult(
            {
                "clusterName": cluster.name,
                "principalArn": entry["principalArn"],
                "associatedAccessPolicy": association,
            }
        )

    def list_associated_access_policies(self) -> ActionResult:
        """ListAssociatedAccessPolicies."""
        cluster = self._cluster()
        principal = self._entry(cluster)["principalArn"]
        associations = list(cluster.access_policies.get(principal, {}).values())
        return self._page(
            "associatedAccessPolicies", associations, clusterName=cluster.name, principalArn=principal
        )

    def disassociate_access_policy(self) -> ActionResult:
        """DisassociateAccessPolicy."""
        cluster = self._cluster()
        policies = cluster.access_policies.get(self._entry(cluster)["principalArn"], {})
        if policies.pop(self.params["policyArn"], None) is None:
            raise ResourceNotFoundError(
                f"The policy {self.params['policyArn']} is not associated with the access entry",
                clusterName=cluster.name,
            )
        self.store.notify()
        return EmptyResult()
