"""etcd: where the Kubernetes API server keeps its objects."""

from __future__ import annotations

from groundplan.rehearsal.engines.base import Command, ProcessEngine
from groundplan.rehearsal.engines.probe import Tls, answers
from groundplan.rehearsal.toolchain.tools import pinned_version
from groundplan.rehearsal.world import World


class Etcd(ProcessEngine):
    """One etcd member that talks to holders of a certificate of its own authority only."""

    name = "etcd"
    version = pinned_version("etcd")
    stands_for = "the store of the EKS control plane"

    def tools(self) -> tuple[str, ...]:
        """The server's program."""
        return ("etcd",)

    def command(self, world: World) -> Command:
        """A single-member cluster below the world's data folder."""
        client_url = f"https://{world.node_address}:{world.ports.etcd_client}"
        peer_url = f"http://127.0.0.1:{world.ports.etcd_peer}"
        return Command(
            argv=[
                str(self.toolbox.path("etcd")),
                f"--data-dir={world.engine_data(self.name)}",
                f"--listen-client-urls={client_url}",
                f"--advertise-client-urls={client_url}",
                f"--listen-peer-urls={peer_url}",
                f"--initial-advertise-peer-urls={peer_url}",
                f"--initial-cluster=default={peer_url}",
                f"--cert-file={world.pki / 'etcd.crt'}",
                f"--key-file={world.pki / 'etcd.key'}",
                f"--trusted-ca-file={world.pki / 'etcd-ca.crt'}",
                "--client-cert-auth",
                # A rehearsal does not outlive the machine's power, and slow disks make a cluster slow.
                "--unsafe-no-fsync",
            ],
            ports=(world.ports.etcd_client, world.ports.etcd_peer),
        )

    def ready(self, world: World) -> bool:
        """Whether it is healthy, which includes that it has a leader."""
        pki = world.pki
        tls = Tls(
            authority=pki / "etcd-ca.crt",
            certificate=pki / "apiserver-etcd-client.crt",
            key=pki / "apiserver-etcd-client.key",
        )
        return answers(str(world.node_address), world.ports.etcd_client, "/health", tls)
