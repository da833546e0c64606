"""kubelet: the rehearsal's one real node."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from groundplan.rehearsal import cgroups, kernel_settings, kube_api, mounts, node
from groundplan.rehearsal.engines.base import Command, ProcessEngine
from groundplan.rehearsal.toolchain.tools import pinned_version
from groundplan.rehearsal.world import CLUSTER_DNS_SUFFIX, World

_LINKS_TO_LOGS = Path("/var/log/containers")
"""Where the kubelet links every container's log to; the path is fixed in its code."""

_LEAST_FREE = "64Mi"


class Kubelet(ProcessEngine):
    """The node agent. It registers the node that stands for the emulator's node groups."""

    name = "kubelet"
    version = pinned_version("kubelet")
    after = ("kube-apiserver", "containerd")
    stands_for = "an EC2 instance of an EKS node group"

    def tools(self) -> tuple[str, ...]:
        """Its program, and what it needs to import the sandbox image."""
        return ("kubelet", "ctr", "pause")

    def start(self, world: World) -> None:
        """Import the sandbox image first: without it no pod can start."""
        if not self.running(world):
            node.import_program(world, self.toolbox, self.toolbox.path("pause"))
            cgroups.create(world.cgroup)
            kernel_settings.keep(world.id)
        super().start(world)

    def command(self, world: World) -> Command:
        """Write its configuration."""
        root = node.kubelet_root(world)
        root.mkdir(parents=True, exist_ok=True)
        (root / "resolv.conf").write_text("")  # no name outside the cluster resolves
        configuration = _configuration_file(world)
        configuration.write_text(yaml.safe_dump(_configuration(world, root), sort_keys=False))
        argv = [
            str(self.toolbox.path("kubelet")),
            f"--config={configuration}",
            f"--kubeconfig={world.pki / 'kubelet.kubeconfig'}",
            f"--root-dir={root}",
            f"--cert-dir={root / 'pki'}",
            f"--hostname-override={node.name(world)}",
            f"--node-ip={world.node_address}",
        ]
        return Command(argv=argv, ports=(world.ports.kubelet, world.ports.kubelet_health))

    def ready(self, world: World) -> bool:
        """Whether the node is Ready, and says so since this start: a restarted node was Ready before."""
        found = kube_api.get(world, f"/api/v1/nodes/{node.name(world)}")
        ready = kube_api.condition(found, "Ready")
        return ready is not None and _time(ready["lastHeartbeatTime"]) >= int(_started(world))

    def stop(self, world: World) -> None:
        """Stop it and undo what it did to the machine. The containers end with containerd."""
        super().stop(world)
        mounts.remove_below(node.kubelet_root(world))
        _remove_links_to_logs(world)
        kernel_settings.restore(world.id)


def _started(world: World) -> float:
    return _configuration_file(world).stat().st_mtime


def _time(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()


def _configuration_file(world: World) -> Path:
    return node.kubelet_root(world) / "kubelet.yaml"


def _remove_links_to_logs(world: World) -> None:
    if _LINKS_TO_LOGS.is_dir():
        for link in _LINKS_TO_LOGS.iterdir():
            if link.is_symlink() and link.readlink().is_relative_to(node.pod_logs(world)):
                link.unlink()


def _configuration(world: World, root: Path) -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": "0.0.0.0",  # noqa: S104 - of the rehearsal's own namespace
        "port": world.ports.kubelet,
        "healthzPort": world.ports.kubelet_health,
        "tlsCertFile": str(world.pki / "kubelet.crt"),
        "tlsPrivateKeyFile": str(world.pki / "kubelet.key"),
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(world.pki / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "containerRuntimeEndpoint": f"unix://{node.runtime_socket(world)}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{world.cgroup}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "clusterDomain": CLUSTER_DNS_SUFFIX,
        "clusterDNS": [str(world.cluster_dns_address)],
        "resolvConf": str(root / "resolv.conf"),
        "podLogsDir": str(node.pod_logs(world)),
        "volumePluginDir": str(root / "volume-plugins"),
        "serializeImagePulls": False,
        "makeIPTablesUtilChains": False,
        "oomScoreAdj": -999 if node.lowers_oom_scores() else 0,
        # A rehearsal shares its machine's disk: only a full one evicts, and no image is collected.
        "evictionHard": {
            "memory.available": _LEAST_FREE,
            "nodefs.available": _LEAST_FREE,
            "imagefs.available": _LEAST_FREE,
        },
        "imageGCHighThresholdPercent": 100,
        "maxPods": 110,
        "nodeStatusUpdateFrequency": "5s",
    }
