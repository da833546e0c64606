"""kube-scheduler: decides on which node a pod runs."""

from __future__ import annotations

from groundplan.rehearsal.engines.base import Command, ProcessEngine
from groundplan.rehearsal.engines.probe import Tls, answers
from groundplan.rehearsal.toolchain.tools import pinned_version
from groundplan.rehearsal.world import World


class KubeScheduler(ProcessEngine):
    """The default scheduler with its default plugins, as on EKS."""

    name = "kube-scheduler"
    version = pinned_version("kube-scheduler")
    after = ("kube-apiserver",)
    stands_for = "the scheduler of the EKS control plane"

    def tools(self) -> tuple[str, ...]:
        """The scheduler's program."""
        return ("kube-scheduler",)

    def command(self, world: World) -> Command:
        """All flags. There is one instance, so it elects no leader."""
        kubeconfig = world.pki / "scheduler.kubeconfig"
        return Command(
            argv=[
                str(self.toolbox.path("kube-scheduler")),
                f"--secure-port={world.ports.scheduler}",
                f"--tls-cert-file={world.pki / 'control-plane.crt'}",
                f"--tls-private-key-file={world.pki / 'control-plane.key'}",
                f"--kubeconfig={kubeconfig}",
                f"--authentication-kubeconfig={kubeconfig}",
                f"--authorization-kubeconfig={kubeconfig}",
                "--leader-elect=false",
                "--profiling=false",
            ],
            ports=(world.ports.scheduler,),
        )

    def ready(self, world: World) -> bool:
        """Whether its caches are filled."""
        tls = Tls(authority=world.pki / "ca.crt")
        return answers(str(world.node_address), world.ports.scheduler, "/readyz", tls)
