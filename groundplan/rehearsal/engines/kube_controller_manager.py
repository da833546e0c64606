"""kube-controller-manager: the loops that make jobs, deployments and their like come true."""

from __future__ import annotations

from groundplan.rehearsal.engines.base import Command, ProcessEngine
from groundplan.rehearsal.engines.probe import Tls, answers
from groundplan.rehearsal.toolchain.tools import pinned_version
from groundplan.rehearsal.world import POD_NETWORK, SERVICE_NETWORK, World


class KubeControllerManager(ProcessEngine):
    """All controllers, each under its own service account, and the pod ranges of the nodes."""

    name = "kube-controller-manager"
    version = pinned_version("kube-controller-manager")
    after = ("kube-apiserver",)
    stands_for = "the controllers of the EKS control plane"

    def tools(self) -> tuple[str, ...]:
        """The controllers' program."""
        return ("kube-controller-manager",)

    def command(self, world: World) -> Command:
        """All flags. There is one instance, so it elects no leader."""
        pki = world.pki
        kubeconfig = pki / "controller-manager.kubeconfig"
        return Command(
            argv=[
                str(self.toolbox.path("kube-controller-manager")),
                f"--secure-port={world.ports.controller_manager}",
                f"--tls-cert-file={pki / 'control-plane.crt'}",
                f"--tls-private-key-file={pki / 'control-plane.key'}",
                f"--kubeconfig={kubeconfig}",
                f"--authentication-kubeconfig={kubeconfig}",
                f"--authorization-kubeconfig={kubeconfig}",
                "--leader-elect=false",
                "--profiling=false",
                "--use-service-account-credentials=true",
                f"--service-account-private-key-file={pki / 'sa.key'}",
                f"--root-ca-file={pki / 'ca.crt'}",
                f"--cluster-signing-cert-file={pki / 'ca.crt'}",
                f"--cluster-signing-key-file={pki / 'ca.key'}",
                "--allocate-node-cidrs=true",
                f"--cluster-cidr={POD_NETWORK}",
                f"--service-cluster-ip-range={SERVICE_NETWORK}",
            ],
            ports=(world.ports.controller_manager,),
        )

    def ready(self, world: World) -> bool:
        """Whether its controllers are healthy."""
        tls = Tls(authority=world.pki / "ca.crt")
        return answers(str(world.node_address), world.ports.controller_manager, "/healthz", tls)
