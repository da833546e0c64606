"""What rules about pods share: which pods they judge, and what containers take over from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from policies.core.pods import Pod, namespace_of, pods_of
from policies.core.resources import Resource
from policies.core.rule import Context
from policies.core.values import UnknownError, View
from policies.rules.kubernetes._amounts import amount

GPU_PREFIX = "nvidia.com/"
"""All resources of NVIDIA's device plugin: whole GPUs, and slices of them."""
HAS_GPU_CEL = (
    "c.?resources.?limits.orValue({})"
    f".exists(k, k.startsWith('{GPU_PREFIX}') && c.resources.limits[k] != '0')"
)
"""The same question as `has_gpu`."""
MAY_HAVE_GPU_CEL = f"({HAS_GPU_CEL} || size(c.?resources.?claims.orValue([])) > 0)"
"""The same question as `may_have_gpu`."""


def workload_pods(resource: Resource, context: Context) -> list[Pod]:
    """The pods of an object, outside of the operators' namespaces."""
    pods = pods_of(resource)
    return [] if pods and is_exempt(resource, context) else pods


def containers_of(resource: Resource, context: Context, *kinds: str) -> Iterator[tuple[Pod, View]]:
    """Each container with its pod."""
    for pod in workload_pods(resource, context):
        for container in pod.containers(*kinds):
            yield pod, container


def is_exempt(resource: Resource, context: Context) -> bool:
    """Whether it is in a namespace of an operator. One that is not known yet is not."""
    try:
        return namespace_of(resource) in context.settings.exempt_namespaces
    except UnknownError:
        return False


def name_of(container: View) -> str:
    """The container's name, or its place where it has none."""
    return container.text("name") or container.path


def inherited(pod: Pod, container: View, path: str) -> View:
    """The object in which a field of the security context counts: the container's, else the pod's.

    Args:
        pod: the pod.
        container: one of its containers.
        path: below `securityContext`.
    """
    full = f"securityContext.{path}"
    return container if full in container or full not in pod.spec else pod.spec


def has_gpu(container: View) -> bool:
    """Whether the device plugin gives it a GPU, or a slice of one."""
    limits = container.object("resources.limits")
    asked = [key for key in limits.keys() if key.startswith(GPU_PREFIX)]  # noqa: SIM118 - a method of View
    return any(amount(limits, key) != "0" for key in asked)


def may_have_gpu(container: View) -> bool:
    """Whether it has a GPU, or a claim (DRA), whose class another object names: a GPU, or an adapter."""
    return has_gpu(container) or bool(container.objects("resources.claims"))


def rewrite_pods(properties: Mapping[str, Any], change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """The properties, with `change` done to the spec of every pod in them."""
    changed = deepcopy(dict(properties))
    for pod in pods_of(Resource(urn="", type="", name="", properties=properties)):
        target: Any = changed
        for step in pod.spec.path.split("."):
            target = target[int(step)] if isinstance(target, list) else target[step]
        if isinstance(target, dict):
            change(target)
    return changed


def rewrite_containers(
    properties: Mapping[str, Any], change: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """The same for the security context of every container."""

    def change_all(pod: dict[str, Any]) -> None:
        for kind in ("containers", "initContainers", "ephemeralContainers"):
            for container in pod.get(kind) or ():
                if isinstance(container, dict):
                    change(container.setdefault("securityContext", {}))

    return rewrite_pods(properties, change_all)
