"""What the engines that run as pods have in common: their image, their Deployment, their end."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from groundplan.rehearsal import kube_api, node
from groundplan.rehearsal.engines.base import Engine
from groundplan.rehearsal.kube_api import Manifest
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import World

NAMESPACE = "kube-system"


class AddonEngine(Engine):
    """An engine that is a Deployment, as it is on EKS: policies that select its pods mean the same here.

    Its image holds one program of the toolbox, which has the engine's name. There is one replica.
    """

    toolbox: Toolbox

    def obtain(self, toolbox: Toolbox) -> None:
        """Get its program, and what puts it into containerd."""
        self.toolbox = toolbox
        for tool in (self.name, "ctr"):
            toolbox.obtain(tool)

    @abstractmethod
    def manifests(self, world: World, image: str) -> Sequence[Manifest]:
        """All that it consists of in the cluster, in the order of creation."""

    def start(self, world: World) -> None:
        """Import its image and create its objects, or bring them up to date."""
        image = node.import_program(world, self.toolbox, self.toolbox.path(self.name))
        kube_api.apply(world, self.manifests(world, image))

    def stop(self, world: World) -> None:
        """Delete its Deployment; the pod ends with it, or with containerd at the latest."""
        if world.admin_kubeconfig.exists():
            kube_api.delete(world, self._path())

    def running(self, world: World) -> bool:
        """Whether its Deployment exists."""
        return kube_api.get(world, self._path()) is not None

    def logs(self, world: World) -> Path:
        """The log of its newest container, or the folder of all pods' logs as long as there is none."""
        found = node.pod_logs(world).glob(f"{NAMESPACE}_{self.name}-*/{self.name}/*.log")
        return max(found, key=lambda log: log.stat().st_mtime, default=node.pod_logs(world))

    def _path(self) -> str:
        return f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{self.name}"


def deployment(
    name: str, labels: dict[str, str], *, pod: dict[str, Any], container: dict[str, Any]
) -> Manifest:
    """A Deployment of one pod with one container that the local image and no privilege suffice for.

    Args:
        name: of the Deployment, its container and its service account.
        labels: of its pods.
        pod: fields added to the pod's specification.
        container: fields added to the container's.
    """
    confined = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {"name": name, "imagePullPolicy": "Never", "securityContext": confined, **container}
    specification = {
        "serviceAccountName": name,
        "priorityClassName": "system-cluster-critical",
        "tolerations": [{"operator": "Exists"}],
        "containers": [container],
        **pod,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "strategy": {"type": "Recreate"},
            "template": {"metadata": {"labels": labels}, "spec": specification},
        },
    }
