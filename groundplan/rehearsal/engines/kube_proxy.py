"""kube-proxy: makes ClusterIPs, NodePorts and load balancer addresses answer."""

from __future__ import annotations

from typing import Any

import yaml

from groundplan.rehearsal import node
from groundplan.rehearsal.engines.base import Command, ProcessEngine
from groundplan.rehearsal.engines.probe import answers
from groundplan.rehearsal.toolchain.tools import pinned_version
from groundplan.rehearsal.world import POD_NETWORK, World


class KubeProxy(ProcessEngine):
    """The service proxy, on nftables."""

    name = "kube-proxy"
    version = pinned_version("kube-proxy")
    after = ("kubelet",)
    stands_for = "the EKS add-on kube-proxy and AWS' load balancers"

    def tools(self) -> tuple[str, ...]:
        """Its program, and the kernel's tools that it calls."""
        return ("kube-proxy", "nft", "conntrack")

    def command(self, world: World) -> Command:
        """Write its configuration."""
        folder = world.engine_data(self.name)
        folder.mkdir(parents=True, exist_ok=True)
        configuration = folder / "kube-proxy.yaml"
        configuration.write_text(yaml.safe_dump(_configuration(world), sort_keys=False))
        argv = [str(self.toolbox.path("kube-proxy")), f"--config={configuration}"]
        return Command(argv=argv, ports=(world.ports.kube_proxy_health,))

    def ready(self, world: World) -> bool:
        """Whether it says that its rules are in place."""
        return answers(str(world.node_address), world.ports.kube_proxy_health, "/healthz")


def _configuration(world: World) -> dict[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": str(world.pki / "kube-proxy.kubeconfig")},
        "hostnameOverride": node.name(world),
        "clusterCIDR": str(POD_NETWORK),
        "detectLocalMode": "ClusterCIDR",
        "healthzBindAddress": f"{world.node_address}:{world.ports.kube_proxy_health}",
        # The limits of connection tracking belong to the whole machine: leave them alone.
        "conntrack": {
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
        },
    }
