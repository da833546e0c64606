"""Namespaces, whose they are, and what is in them."""

from __future__ import annotations

from infra.conventions import TENANT_LABEL
from policies.core.resources import Resource
from policies.core.rule import Context
from policies.core.values import UnknownError
from policies.rules.kubernetes._amounts import label

NAMESPACE = "kubernetes:core/v1:Namespace"


def is_tenants(namespace: Resource) -> bool:
    """Whether it carries the label of a tenant's namespace (infra/kubernetes/tenant.py)."""
    return bool(label(namespace.view.object("metadata.labels"), TENANT_LABEL))


def is_operators(namespace: Resource, context: Context) -> bool:
    """Whether the settings exempt it."""
    return namespace.view.text("metadata.name") in context.settings.exempt_namespaces


def within(namespace: Resource, context: Context, *types: str) -> list[Resource]:
    """Objects of some types in a namespace, by what their metadata was made from, else by its name."""
    found = []
    for each in context.stack.of(*types):
        made_from = each.property_dependencies.get("metadata", ())
        if namespace.urn in made_from or _literal(each) == namespace.view.text("metadata.name"):
            found.append(each)
    return found


def _literal(resource: Resource) -> str:
    try:
        return resource.view.text("metadata.namespace", "default")
    except UnknownError:
        return ""  # made from another namespace, or it would depend on this one
