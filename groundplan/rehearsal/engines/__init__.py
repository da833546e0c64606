"""One small file per engine, all with the interface of `groundplan.rehearsal.engines.base.Engine`."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from groundplan.rehearsal.engines.base import Engine

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
    "emulator": "EmulatorEngine",
    "aws_provider": "AwsProvider",
    "kubernetes_provider": "KubernetesProvider",
}
"""Module of this package -> its engine."""


@cache
def all_engines() -> tuple[Engine, ...]:
    """Every engine of a rehearsal, one object each per process."""
    # Imported when asked for: most commands need no engine, and the engines import this package.
    return tuple(getattr(import_module(f"{__name__}.{module}"), name)() for module, name in _ENGINES.items())
