"""A rehearsal's world: its identity, folders, addresses and ports. It only names things."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Literal

PROJECT_ROOT = Path(__file__).resolve().parents[2]
ACCOUNT_ID = "123456789012"
"""The account of every rehearsal: the one that moto answers with."""

DEPLOYER, READER = "groundplan-deployer", "groundplan-reader"
"""Roles of that account under which the program runs: to deploy, and to preview and to look for drift."""
CLUSTER_DNS_SUFFIX = "cluster.local"
POD_NETWORK = IPv4Network("100.64.0.0/16")
"""Inside the node's network namespace, so that every rehearsal can use the same one."""
SERVICE_NETWORK = IPv4Network("172.20.0.0/16")
"""What EKS picks for a VPC in 10.0.0.0/8."""
POD_IDENTITY_ADDRESS = IPv4Address("169.254.170.23")
"""Where EKS' pod identity agent listens on each node."""

HTTPS_PORT = 443

Scope = Literal["all", "aws"]
"""What of a stack is rehearsed."""


def cache_folder() -> Path:
    """Where built tools and images lie between rehearsals (`GROUNDPLAN_CACHE`, else the user's cache)."""
    explicit = os.environ.get("GROUNDPLAN_CACHE")
    if explicit:
        return Path(explicit)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "groundplan"


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Ports that engines listen on, all in the rehearsal's own network namespace.

    The AWS APIs answer on the port of AWS, so that a network policy that lets pods reach AWS lets them reach
    the emulator. No Service of type LoadBalancer can have that port: it would get the same address.
    """

    etcd_client: int = 2379
    etcd_peer: int = 2380
    api_server: int = 6443
    controller_manager: int = 10257
    scheduler: int = 10259
    kubelet: int = 10250
    kubelet_health: int = 10248
    kube_proxy_health: int = 10256
    kube_router_health: int = 20244
    dns: int = 53
    dns_health: int = 8181
    metrics_server: int = 4443
    emulator: int = HTTPS_PORT
    emulator_webhook: int = 4567
    pod_identity: int = 80


@dataclass(frozen=True, kw_only=True)
class World:
    """One rehearsal. Everything it starts lives in `folder`, in one network namespace and in one cgroup.

    Args:
        id: name of the rehearsal, lower-case letters, digits and dashes, at most 20 characters.
        environment: which stack it rehearses (`dev`, `staging`, `prod`).
        region: the AWS region of that stack.
        slot: number of the rehearsal on this machine, 0..63; decides the addresses of its link.
        folder: `rehearsals/<id>` of the project.
        scope: `all`, or `aws` for the AWS half of the stack, without a cluster.
    """

    id: str
    environment: str
    region: str
    slot: int
    folder: Path
    scope: Scope = "all"
    ports: Ports = field(default_factory=Ports)

    # --- names on the machine -------------------------------------------------------------
    @property
    def namespace(self) -> str:
        """Network namespace that holds every engine but the Pulumi side."""
        return f"groundplan-{self.id}"

    @property
    def host_interface(self) -> str:
        """Host end of the link into the namespace (interface names have at most 15 characters)."""
        return f"gp{self.slot}host"

    @property
    def cgroup(self) -> str:
        """Root cgroup of the rehearsal's pods, below every controller's root."""
        return f"groundplan-{self.id}"

    # --- addresses ------------------------------------------------------------------------
    @property
    def link(self) -> IPv4Network:
        """The /30 between the machine and the namespace."""
        return IPv4Network(f"10.199.{self.slot}.0/30")

    @property
    def host_address(self) -> IPv4Address:
        """The machine's address on the link."""
        return self.link[1]

    @property
    def node_address(self) -> IPv4Address:
        """The address at which the machine reaches everything inside the namespace."""
        return self.link[2]

    @property
    def cluster_dns_address(self) -> IPv4Address:
        """ClusterIP of the DNS service, the tenth of the range as on EKS."""
        return SERVICE_NETWORK[10]

    @property
    def api_server_url(self) -> str:
        """What the emulated `DescribeCluster` answers as endpoint."""
        return f"https://{self.node_address}:{self.ports.api_server}"

    @property
    def aws_endpoint_url(self) -> str:
        """What `AWS_ENDPOINT_URL` is set to, on the machine and in pods alike."""
        port = self.ports.emulator
        return f"https://{self.node_address}" + ("" if port == HTTPS_PORT else f":{port}")

    # --- folders --------------------------------------------------------------------------
    @property
    def logs(self) -> Path:
        """One `<engine>.log` each."""
        return self.folder / "logs"

    @property
    def data(self) -> Path:
        """One folder an engine for what it must keep between restarts; deleted by tear-down."""
        return self.folder / "data"

    @property
    def run(self) -> Path:
        """Pid files, sockets and locks."""
        return self.folder / "run"

    @property
    def warm_socket(self) -> Path:
        """Where the warm interpreter takes requests."""
        return self.run / "warm.sock"

    @property
    def credentials(self) -> Path:
        """A session of the deployer, which the shell and the providers use."""
        return self.run / "credentials.json"

    @property
    def readers_credentials(self) -> Path:
        """A session of the reader."""
        return self.run / "reader-credentials.json"

    @property
    def pki(self) -> Path:
        """Certificate authority, certificates, keys and kubeconfigs (mode 0700)."""
        return self.folder / "pki"

    @property
    def certificate_authority(self) -> Path:
        """Certificate that every server of the rehearsal is trusted by, the AWS APIs among them."""
        return self.pki / "ca.crt"

    @property
    def bin(self) -> Path:
        """Links to the tools of this rehearsal: first on PATH of its shell."""
        return self.folder / "bin"

    @property
    def evidence(self) -> Path:
        """What the scenario's steps wrote: one JSON file each."""
        return self.folder / "evidence"

    @property
    def release_manifest(self) -> Path:
        """Digests of the images that this rehearsal deploys."""
        return self.folder / "release.json"

    @property
    def admin_kubeconfig(self) -> Path:
        """Client-certificate login of the rehearsal itself (never given to the program)."""
        return self.pki / "admin.kubeconfig"

    def engine_data(self, engine: str) -> Path:
        """Folder of one engine below `data`."""
        return self.data / engine

    def engine_log(self, engine: str) -> Path:
        """Log file of one engine."""
        return self.logs / f"{engine}.log"
