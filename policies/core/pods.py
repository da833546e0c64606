"""Pods wherever they are declared: in a Pod, in a controller of Kubernetes, or deep in a custom resource.

JobSet, TrainJob, PyTorchJob, RayCluster, LeaderWorkerSet and InferenceService hold pod templates at places of
their own. They are found by shape and not by a list of places: an object with `containers` is the spec of a
pod. Two containers have no list around them: the `trainer` of a TrainJob and the `model` of an
InferenceService.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from policies.core.resources import Resource
from policies.core.values import UNKNOWN, Secret, UnknownError, View

_DEPTH = 16
"""Deeper than any template of the kinds above; ends a document that was made to be endless."""
_ROOTS = ("spec", "template", "items")
_MAY_HOLD_PODS = re.compile(
    r"(template|specs?|containers|jobs|overrides|patches|predictor|items)$", re.IGNORECASE
)
"""Keys below which pods are found. An unknown value under one of them may be a pod that nobody can judge."""
_PARTIAL = re.compile(r"\b(podTemplateOverrides|runtimePatches)\b")
"""Where a TrainJob changes single fields of a template that its runtime holds."""
_DECLARES = "_declares_pods"
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


@dataclass(frozen=True, kw_only=True)
class Pod:
    """The spec of a pod, and the labels that its pods get.

    Args:
        spec: the spec.
        labels: the labels in its template.
        partial: it only changes a template that is somewhere else, so that what it lacks says nothing.
        single: a container that is no member of a list.
    """

    spec: View
    labels: Mapping[str, Any] = field(default_factory=dict)
    partial: bool = False
    single: View | None = None

    def containers(self, *kinds: str) -> Iterator[View]:
        """Containers of some kinds, e.g. `initContainers`; without an argument, of all kinds."""
        for kind in kinds or _CONTAINERS:
            yield from self.spec.objects(kind)
        if self.single is not None:
            yield self.single

    def seen_by(self, rule: View) -> Pod:
        """The same pod, of which nothing was read but what goes through a rule's view."""
        single = self.single and View(self.single.raw, self.single.path, rule.reads)
        return replace(self, spec=View(self.spec.raw, self.spec.path, rule.reads), single=single)


def pods_of(resource: Resource) -> list[Pod]:
    """The pods that a Kubernetes object declares.

    Raises:
        UnknownError: a part that may hold pods is known only after the update.
    """
    if resource.type.endswith(":CustomResourceDefinition"):
        return []  # its schema has the shape of what it describes
    if "pods" not in resource.memo:
        patch, top = resource.type.endswith("Patch"), resource.properties
        resource.memo["pods"] = [
            pod for root in _ROOTS for pod in _search(top, top.get(root), root, _DEPTH, partial=patch)
        ]
    return [pod.seen_by(resource.view) for pod in resource.memo["pods"]]


def declares_pods(resource: Resource) -> bool:
    """Whether rules about pods have a subject in it. What may hold pods and is not known yet is one."""
    if _DECLARES not in resource.__dict__:  # asked by each of a dozen rules
        try:
            resource.__dict__[_DECLARES] = bool(pods_of(resource))
        except UnknownError:
            resource.__dict__[_DECLARES] = True
    return bool(resource.__dict__[_DECLARES])


def namespace_of(resource: Resource) -> str:
    """The namespace of an object, `default` where it names none."""
    return resource.view.text("metadata.namespace", "default")


def _search(holder: Any, value: Any, path: str, depth: int, *, partial: bool) -> Iterator[Pod]:
    """The pods in a value, and in all below it; `holder` is what holds the value."""
    value = _plain(value)
    if value is UNKNOWN and _MAY_HOLD_PODS.search(path.rstrip("0123456789.")):
        raise UnknownError(path)
    if depth == 0:
        return
    if isinstance(value, Mapping):
        yield from _declared(holder, value, path, partial=partial or bool(_PARTIAL.search(path)))
        for key, item in value.items():
            if "." not in key and not (key in _CONTAINERS and "containers" in value):
                yield from _search(value, item, f"{path}.{key}", depth - 1, partial=partial)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _search(value, item, f"{path}.{index}", depth - 1, partial=partial)


def _declared(holder: Any, value: Mapping[str, Any], path: str, *, partial: bool) -> Iterator[Pod]:
    """The pod whose spec an object is, if it is one."""
    name = path.rpartition(".")[2]
    if value.get("containers") is not None and not isinstance(_plain(value.get("template")), Mapping):
        yield Pod(spec=View(value, path), labels=_labels(holder), partial=partial)
    elif name == "trainer" and {"image", "env"} & set(value):
        yield Pod(spec=View({}, path), partial=True, single=View(value, path))
    elif isinstance(model := _plain(value.get("model")), Mapping) and "modelFormat" in model:
        # The server's own container, and with it the rest of the pod, is in a ServingRuntime.
        yield Pod(spec=View(value, path), partial=True, single=View(model, f"{path}.model"))


def _labels(holder: Any) -> Mapping[str, Any]:
    """The labels in the metadata beside a spec."""
    for step in ("metadata", "labels"):
        holder = _plain(holder.get(step)) if isinstance(holder, Mapping) else None
    return holder if isinstance(holder, Mapping) else {}


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Secret) else value
