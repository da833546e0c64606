"""Pods wherever they are declared: in a Pod, in a controller of Kubernetes, or deep in a custom resource.

JobSet, TrainJob, PyTorchJob, RayCluster, LeaderWorkerSet and InferenceService hold pod templates at places of
their own. They are found by shape and not by a list of places: an object below `spec` with a list of
`containers` is the spec of a pod.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.core.resources import Resource
from policies.core.values import UNKNOWN, Secret, UnknownError, View

_DEPTH = 12
"""Deeper than any template of the kinds above; ends a document that was made to be endless."""


@dataclass(frozen=True, kw_only=True)
class Pod:
    """The spec of a pod, and the labels that its pods get."""

    spec: View
    labels: Mapping[str, Any]

    def containers(self) -> Iterator[View]:
        """Containers of all kinds."""
        for kind in ("containers", "initContainers", "ephemeralContainers"):
            yield from self.spec.objects(kind)


def pods_of(resource: Resource) -> list[Pod]:
    """The pods that a Kubernetes object declares.

    Raises:
        UnknownError: the object's spec is known only after the update.
    """
    view = resource.view
    if resource.properties.get("spec") is UNKNOWN:
        raise UnknownError("spec")
    return list(_search(view, "spec", _DEPTH))


def namespace_of(resource: Resource) -> str:
    """The namespace of an object, `default` where it names none."""
    return resource.view.text("metadata.namespace", "default")


def _search(view: View, path: str, depth: int) -> Iterator[Pod]:
    value = _peek(view, path)
    if depth == 0 or isinstance(value, str | int | float | bool | None):
        return
    if isinstance(value, Mapping):
        if isinstance(_plain(value.get("containers")), list) and not isinstance(
            value.get("template"), Mapping
        ):
            labels = _peek(
                view, f"{path.rpartition('.')[0]}.metadata.labels" if "." in path else "metadata.labels"
            )
            yield Pod(
                spec=View(value, view.where(path), view.reads),
                labels=labels if isinstance(labels, Mapping) else {},
            )
            return
        for key in value:
            if "." not in key:
                yield from _search(view, f"{path}.{key}", depth - 1)
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from _search(view, f"{path}.{index}", depth - 1)


def _peek(view: View, path: str) -> Any:
    """The raw value at a path, without counting as read; None where it is unknown or absent."""
    value: Any = view.raw
    for step in path.split("."):
        value = _plain(value)
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    value = _plain(value)
    return None if value is UNKNOWN else value


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Secret) else value
