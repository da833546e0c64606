"""Access policies of EKS become role bindings of the groups that the token webhook gives their principals."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import ClassVar

from kubernetes.client import (
    ApiClient,
    CoreV1Api,
    RbacAuthorizationV1Api,
    RbacV1Subject,
    V1ClusterRole,
    V1ClusterRoleBinding,
    V1ObjectMeta,
    V1PolicyRule,
    V1RoleBinding,
    V1RoleRef,
)
from kubernetes.client.exceptions import ApiException

from groundplan.rehearsal.emulator.controllers.loop import Controller, Lister
from groundplan.rehearsal.emulator.eks.access import (
    ADMIN_VIEW_CLUSTER_ROLE,
    CLUSTER_ROLE_OF_POLICY,
    SCRAPER_CLUSTER_ROLE,
)
from groundplan.rehearsal.emulator.eks.store import EksStore
from groundplan.rehearsal.emulator.webhooks.identity import policy_group

_LABEL = "app.kubernetes.io/managed-by"
_MANAGER = "groundplan-access-policies"
"""Not the label of what else the rehearsal creates: the engines' own bindings are not ours to delete."""
_RBAC = "rbac.authorization.k8s.io"
_GONE = {404, 409}
_SEE = ["get", "list", "watch"]
_RULES_OF_SCRAPER = [
    V1PolicyRule(
        api_groups=[""],
        resources=[
            "configmaps",
            "endpoints",
            "ingresses",
            "nodes",
            "nodes/metrics",
            "nodes/proxy",
            "pods",
            "services",
        ],
        verbs=_SEE,
    ),
    V1PolicyRule(
        api_groups=["extensions", "networking.k8s.io"],
        resources=["ingresses", "ingresses/status"],
        verbs=_SEE,
    ),
    V1PolicyRule(
        api_groups=["metrics.eks.amazonaws.com"], resources=["kcm/metrics", "ksh/metrics"], verbs=["get"]
    ),
    V1PolicyRule(non_resource_urls=["/metrics"], verbs=["get"]),
]
"""What a managed collector may do:
https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-collector-how-to.html#AMP-collector-eks-setup."""
_RULES = {
    # https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html: secrets, too.
    ADMIN_VIEW_CLUSTER_ROLE: [V1PolicyRule(api_groups=["*"], resources=["*"], verbs=_SEE)],
    SCRAPER_CLUSTER_ROLE: _RULES_OF_SCRAPER,
}
"""Roles that Kubernetes does not bring along."""


@dataclass(frozen=True)
class Grant:
    """A cluster role for a group, in one namespace or (None) everywhere."""

    group: str
    cluster_role: str
    namespace: str | None

    @property
    def name(self) -> str:
        """Name of its binding: says what it is, unique by content."""
        digest = hashlib.sha256(f"{self.group} {self.cluster_role} {self.namespace}".encode()).hexdigest()[
            :10
        ]
        return f"eks-access-policy:{self.cluster_role}:{digest}"


class AccessController(Controller):
    """Keeps exactly the bindings that follow from the access entries.

    Args:
        client: connection to the API server.
        store: the access entries.
    """

    name: ClassVar[str] = "access-policies"

    def __init__(self, client: ApiClient, store: EksStore) -> None:
        super().__init__(client)
        self._store = store
        self._rbac = RbacAuthorizationV1Api(client)
        self._core = CoreV1Api(client)
        store.on_change(self.wake)

    def watched(self) -> tuple[tuple[Lister, dict[str, object]], ...]:
        """Namespaces: a policy may name one that comes later, or a pattern."""
        return ((self._core.list_namespace, {}),)

    def reconcile(self) -> None:
        """Create missing bindings, delete those that no association asks for."""
        namespaces = [
            item["metadata"]["name"]
            for item in self.as_json(self._core.list_namespace())["items"]
            if "deletionTimestamp" not in item["metadata"]
        ]
        wanted = {(grant.namespace, grant.name): grant for grant in self._grants(namespaces)}
        selector = f"{_LABEL}={_MANAGER}"
        bindings = [
            *self.as_json(self._rbac.list_cluster_role_binding(label_selector=selector))["items"],
            *self.as_json(self._rbac.list_role_binding_for_all_namespaces(label_selector=selector))["items"],
        ]
        present = {(item["metadata"].get("namespace"), item["metadata"]["name"]) for item in bindings}
        for key in wanted.keys() - present:
            self._create(wanted[key])
        for namespace, name in present - wanted.keys():
            self._delete(namespace, name)

    def _grants(self, namespaces: list[str]) -> Iterator[Grant]:
        with self._store.lock:
            associations = [
                (principal, association["policyArn"], association["accessScope"])
                for cluster in self._store.clusters.values()
                for principal, policies in cluster.access_policies.items()
                for association in policies.values()
            ]
        for principal, policy, scope in associations:
            group, role = policy_group(principal), CLUSTER_ROLE_OF_POLICY[policy]
            if scope["type"] == "cluster":
                yield Grant(group, role, None)
            else:
                for namespace in namespaces:
                    if any(fnmatchcase(namespace, pattern) for pattern in scope["namespaces"]):
                        yield Grant(group, role, namespace)

    def _create(self, grant: Grant) -> None:
        metadata = V1ObjectMeta(name=grant.name, namespace=grant.namespace, labels={_LABEL: _MANAGER})
        role = V1RoleRef(api_group=_RBAC, kind="ClusterRole", name=grant.cluster_role)
        subjects = [RbacV1Subject(api_group=_RBAC, kind="Group", name=grant.group)]
        if grant.cluster_role in _RULES:
            self._create_role(grant.cluster_role)
        try:
            if grant.namespace is None:
                self._rbac.create_cluster_role_binding(
                    V1ClusterRoleBinding(metadata=metadata, role_ref=role, subjects=subjects)
                )
            else:
                self._rbac.create_namespaced_role_binding(
                    grant.namespace, V1RoleBinding(metadata=metadata, role_ref=role, subjects=subjects)
                )
        except ApiException as error:
            if error.status not in _GONE:
                raise

    def _create_role(self, name: str) -> None:
        metadata = V1ObjectMeta(name=name, labels={_LABEL: _MANAGER})
        try:
            self._rbac.create_cluster_role(V1ClusterRole(metadata=metadata, rules=_RULES[name]))
        except ApiException as error:
            if error.status not in _GONE:
                raise

    def _delete(self, namespace: str | None, name: str) -> None:
        try:
            if namespace is None:
                self._rbac.delete_cluster_role_binding(name)
            else:
                self._rbac.delete_namespaced_role_binding(name, namespace)
        except ApiException as error:
            if error.status not in _GONE:
                raise
