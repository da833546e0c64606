"""One small file per engine, all with the interface of `groundplan.rehearsal.engines.base.Engine`."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from groundplan.rehearsal.engines.base import Engine
    from groundplan.rehearsal.world import World

_ENGINES = {
    "etcd": "Etcd",
    "kube_apiserver": "KubeApiserver",
    "kube_controller_manager": "KubeControllerManager",
    "kube_scheduler": "KubeScheduler",
    "containerd": "Containerd",
    "kubelet": "Kubelet",
    "kube_proxy": "KubeProxy",
    "kube_router": "KubeRouter",
    "coredns": "CoreDns",
    "metrics_server": "MetricsServer",
    "warm_interpreter": "WarmInterpreter",
    "emulator": "EmulatorEngine",
    "aws_provider": "AwsProvider",
    "kubernetes_provider": "KubernetesProvider",
}
"""Module of this package -> its engine."""

_WITHOUT_CLUSTER = frozenset({"warm-interpreter", "emulator", "aws-provider", "kubernetes-provider"})
"""Enough for the AWS half of a stack. The Kubernetes provider has nothing to do; Pulumi's shell names it."""


@cache
def all_engines() -> tuple[Engine, ...]:
    """Every engine of a rehearsal, one object each per process."""
    # Imported when asked for: most commands need no engine, and the engines import this package.
    return tuple(getattr(import_module(f"{__name__}.{module}"), name)() for module, name in _ENGINES.items())


def engines_of(world: World) -> tuple[Engine, ...]:
    """The engines of one rehearsal: all, or those that its scope asks for."""
    if world.scope == "all":
        return all_engines()
    return tuple(engine for engine in all_engines() if engine.name in _WITHOUT_CLUSTER)
