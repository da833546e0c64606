"""Kubernetes roles and bindings of the engines, as manifests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from groundplan.rehearsal.kube_api import Manifest

_GROUP = "rbac.authorization.k8s.io"
_VERSION = f"{_GROUP}/v1"

READ = ("get", "list", "watch")


def service_account(name: str, namespace: str) -> Manifest:
    """A service account."""
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


def rule(group: str, resources: Sequence[str], verbs: Sequence[str] = READ) -> dict[str, Any]:
    """One rule of a role; the core group is the empty string."""
    return {"apiGroups": [group], "resources": [*resources], "verbs": [*verbs]}


def cluster_role(
    name: str, rules: Sequence[dict[str, Any]], labels: dict[str, str] | None = None
) -> Manifest:
    """A role for the whole cluster."""
    metadata = {"name": name, "labels": labels or {}}
    return {"apiVersion": _VERSION, "kind": "ClusterRole", "metadata": metadata, "rules": [*rules]}


def cluster_role_binding(name: str, role: str, subject: dict[str, str]) -> Manifest:
    """Gives one subject a cluster role everywhere."""
    return _binding("ClusterRoleBinding", {"name": name}, {"kind": "ClusterRole", "name": role}, subject)


def role_binding(name: str, namespace: str, role: str, subject: dict[str, str]) -> Manifest:
    """Gives one subject a role of a namespace."""
    metadata = {"name": name, "namespace": namespace}
    return _binding("RoleBinding", metadata, {"kind": "Role", "name": role}, subject)


def user(name: str) -> dict[str, str]:
    """A subject that logs in with a certificate of this common name."""
    return {"kind": "User", "name": name, "apiGroup": _GROUP}


def account(name: str, namespace: str) -> dict[str, str]:
    """A subject that logs in with a service account's token."""
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace}


def _binding(kind: str, metadata: dict[str, str], role: dict[str, str], subject: dict[str, str]) -> Manifest:
    reference = {"apiGroup": _GROUP, **role}
    return {
        "apiVersion": _VERSION,
        "kind": kind,
        "metadata": metadata,
        "roleRef": reference,
        "subjects": [subject],
    }
