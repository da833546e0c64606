"""Which pods claim GPUs by Dynamic Resource Allocation (DRA)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.core.pods import Pod, namespace_of
from policies.core.resources import Resource, Stack
from policies.core.values import View

_GROUP = "kubernetes:resource.k8s.io/"
_VERSIONS = ("v1", "v1beta2", "v1beta1")


def _types(kind: str) -> tuple[str, ...]:
    return tuple(f"{_GROUP}{version}:{kind}" for version in _VERSIONS)


CLAIM, TEMPLATE, CLASS = (_types(kind) for kind in ("ResourceClaim", "ResourceClaimTemplate", "DeviceClass"))
_GPU_CLASS = re.compile(r"(.+\.)?(gpu|mig)\.nvidia\.com")
"""Classes of NVIDIA's driver for GPUs and parts of them; its other classes are of networks between GPUs."""
_GPU_DRIVER = "gpu.nvidia.com"


def requests_of(claim: Resource) -> Iterator[tuple[View, str]]:
    """Each request of a claim or template, with all alternatives of it, and its name."""
    spec = "spec.spec" if claim.type.endswith("Template") else "spec"
    for request in claim.view.objects(f"{spec}.devices.requests"):
        for part in (request, request.object("exactly"), *request.objects("firstAvailable")):
            yield part, request.text("name")


def claims_gpus(pod: Pod, namespace: str, stack: Stack) -> bool:
    """Whether one of a pod's claims is of a class of GPUs. One that the stack does not have is not."""
    return any(
        _is_of_gpus(part.text("deviceClassName"), stack)
        for each in pod.spec.objects("resourceClaims")
        for types, key in ((CLAIM, "resourceClaimName"), (TEMPLATE, "resourceClaimTemplateName"))
        for claim in _named(each.text(key), namespace, stack, types)
        for part, _ in requests_of(claim)
    )


def _named(name: str, namespace: str, stack: Stack, types: tuple[str, ...]) -> list[Resource]:
    return [
        each
        for each in (stack.of(*types) if name else ())
        if each.view.text("metadata.name") == name and namespace_of(each) == namespace
    ]


def _is_of_gpus(name: str, stack: Stack) -> bool:
    """By the name of NVIDIA's own classes, or by a class of ours that selects the same driver's devices."""
    if _GPU_CLASS.fullmatch(name):
        return True
    return any(
        _GPU_DRIVER in selector.text("cel.expression")
        for each in stack.of(*CLASS)
        if each.view.text("metadata.name") == name
        for selector in each.view.objects("spec.selectors")
    )
