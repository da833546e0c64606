"""The Kubernetes objects of a state, as manifests that auditors of Kubernetes can read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from groundplan.audit.second_opinion.state import SECRET_PLACEHOLDER, UNKNOWN, Resource

_OBJECT = ("apiVersion", "kind")
_SECRET_FIELDS = ("data", "stringData")
_OWN = frozenset(
    {"Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"}
)
"""Kinds of which auditors know where the pod is."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """An object of Kubernetes.

    Args:
        urn: the resource it belongs to.
        document: the object, without secrets and without its status.
    """

    urn: str
    document: Mapping[str, Any]


def manifests(resources: Sequence[Resource]) -> list[Manifest]:
    """Every object, and a pod for each pod template that lies inside a custom resource."""
    found = []
    for resource in resources:
        if not resource.type.startswith("kubernetes:") or not all(map(resource.values.get, _OBJECT)):
            continue
        document = _without_unknowns(
            {key: value for key, value in resource.values.items() if key not in ("id", "status")}
        )
        if document["kind"] == "Secret":
            document |= {key: _hidden(document[key]) for key in _SECRET_FIELDS if key in document}
        found.append(Manifest(urn=resource.urn, document=document))
        if document["kind"] not in _OWN:
            found += [Manifest(urn=resource.urn, document=pod) for pod in _pods(document)]
    return found


def _pods(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Pods of the templates (`template.spec.containers`) at any depth, e.g. in a JobSet."""
    metadata = document.get("metadata") or {}
    for number, template in enumerate(_templates(document)):
        own = {key: value for key, value in (template.get("metadata") or {}).items() if key != "name"}
        name = f"{metadata.get('name', 'unnamed')}-{number}"
        inherited = {"name": name, "namespace": metadata.get("namespace", "default")}
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": {**own, **inherited}, "spec": template["spec"]}


def _templates(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _templates(item)
    elif isinstance(value, dict):
        spec = value.get("spec")
        if isinstance(spec, dict) and isinstance(spec.get("containers"), list) and "kind" not in value:
            yield value
            return
        for item in value.values():
            yield from _templates(item)


def _hidden(data: Any) -> Any:
    return dict.fromkeys(data, SECRET_PLACEHOLDER) if isinstance(data, dict) else SECRET_PLACEHOLDER


def _without_unknowns(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_unknowns(item) for key, item in value.items() if item is not UNKNOWN}
    if isinstance(value, list):
        return [_without_unknowns(item) for item in value if item is not UNKNOWN]
    return value
