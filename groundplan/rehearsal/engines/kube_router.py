"""kube-router, only its firewall: enforces NetworkPolicy."""

from __future__ import annotations

from groundplan.rehearsal import kube_api, node, processes, rbac
from groundplan.rehearsal.engines.base import Command, ProcessEngine
from groundplan.rehearsal.engines.probe import answers
from groundplan.rehearsal.toolchain.tools import pinned_version
from groundplan.rehearsal.world import SERVICE_NETWORK, World

_NAME = "system:kube-router"
"""Its user, its role and the binding of both."""

_FIRST_CHAIN = "KUBE-ROUTER-FORWARD"
"""The chain that carries all policies; it is there once the first synchronization is done."""


class KubeRouter(ProcessEngine):
    """The network policy controller."""

    name = "kube-router"
    version = pinned_version("kube-router")
    after = ("kubelet",)
    stands_for = "the network policy agent of the EKS add-on vpc-cni"

    def tools(self) -> tuple[str, ...]:
        """Its program, and the kernel's tools that it calls."""
        return ("kube-router", "ipset", "iptables")

    def start(self, world: World) -> None:
        """Grant it what it reads before it starts."""
        if not self.running(world):
            kube_api.apply(world, _permissions())
        super().start(world)

    def command(self, world: World) -> Command:
        """Firewall only: kube-proxy serves Services, CNI routes pods."""
        argv = [
            str(self.toolbox.path("kube-router")),
            f"--kubeconfig={world.pki / 'kube-router.kubeconfig'}",
            f"--hostname-override={node.name(world)}",
            "--run-firewall=true",
            "--run-router=false",
            "--run-service-proxy=false",
            f"--service-cluster-ip-range={SERVICE_NETWORK}",
            f"--health-port={world.ports.kube_router_health}",
        ]
        return Command(
            argv=argv, env={"NODE_NAME": node.name(world)}, ports=(world.ports.kube_router_health,)
        )

    def ready(self, world: World) -> bool:
        """Whether it is healthy and its chains are in the kernel."""
        if not answers(str(world.node_address), world.ports.kube_router_health, "/healthz"):
            return False
        listing = ["iptables", "--list-rules", _FIRST_CHAIN]
        return processes.run_inside(world, listing, check=False, capture_output=True).returncode == 0


def _permissions() -> list[kube_api.Manifest]:
    rules = [
        rbac.rule("", ["namespaces", "pods", "services", "nodes", "endpoints"]),
        rbac.rule("networking.k8s.io", ["networkpolicies"]),
        rbac.rule("discovery.k8s.io", ["endpointslices"]),
    ]
    return [rbac.cluster_role(_NAME, rules), rbac.cluster_role_binding(_NAME, _NAME, rbac.user(_NAME))]
