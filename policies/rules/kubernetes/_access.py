"""Roles of Kubernetes, and what their rules allow."""

from __future__ import annotations

from policies.core.resources import Resource
from policies.core.values import View

_API = "kubernetes:rbac.authorization.k8s.io/v1:"
ROLES = (f"{_API}Role", f"{_API}ClusterRole")
BINDINGS = (f"{_API}RoleBinding", f"{_API}ClusterRoleBinding")


def allows(rule: View, resources: set[str], verbs: set[str]) -> bool:
    """Whether a rule of a role allows one of some verbs on one of some resources, by name or wildcard."""
    named, allowed = set(rule.texts("resources")), set(rule.texts("verbs"))
    for resource in resources:
        # `*` covers subresources, `*/exec` those of all resources.
        parent, _, sub = resource.partition("/")
        if {resource, "*", *({f"*/{sub}"} if parent and sub else ())} & named:
            return bool((verbs | {"*"}) & allowed)
    return False


def role_name(role: Resource) -> str:
    """Name of a role as the settings list it: `namespace/name`, or the name of a ClusterRole."""
    name = role.view.text("metadata.name")
    return name if role.type == ROLES[1] else f"{role.view.text('metadata.namespace', 'default')}/{name}"
