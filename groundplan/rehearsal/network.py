"""The network of a rehearsal: a namespace that a veth pair links to the machine, with no way out of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal.world import POD_IDENTITY_ADDRESS, SERVICE_NETWORK, World

NODE_INTERFACE = "eth0"
"""The link's end inside the namespace."""

_SYSCTLS = {
    "net.ipv4.ip_forward": "1",
    "net.ipv4.conf.all.route_localnet": "1",
    "net.bridge.bridge-nf-call-iptables": "1",
    "net.bridge.bridge-nf-call-ip6tables": "1",
}


def namespace_file(world: World) -> Path:
    """Where the kernel's handle of the rehearsal's namespace is mounted."""
    return Path("/run/netns") / world.namespace


def exists(world: World) -> bool:
    """Whether the namespace and the link are there."""
    return namespace_file(world).exists() and _host_interface(world).exists()


def create(world: World) -> None:
    """Create namespace and link, or complete what an interrupted run left.

    Raises:
        GroundplanError: no root rights, or the link belongs to a rehearsal of another checkout.
    """
    if os.geteuid() != 0:
        raise GroundplanError(
            "A rehearsal needs root rights: it creates a network namespace, mounts and containers.",
            hint="Run the command as root.",
            exit_code=ExitCode.AUTH,
        )
    _require_ours(world)
    if not namespace_file(world).exists():
        _ip("netns", "add", world.namespace)
    if not _host_interface(world).exists():
        peer = ("peer", "name", NODE_INTERFACE, "netns", world.namespace)
        _ip("link", "add", world.host_interface, "type", "veth", *peer)
    _ip("link", "set", world.host_interface, "alias", str(world.folder))
    _ip("address", "replace", f"{world.host_address}/{world.link.prefixlen}", "dev", world.host_interface)
    _ip("link", "set", world.host_interface, "up")
    _configure_inside(world)


def delete(world: World) -> None:
    """Delete link and namespace; what is not there is no error. Processes inside must have ended."""
    if _owner(world) == str(world.folder):
        _ip("link", "delete", world.host_interface)
    if namespace_file(world).exists():
        _ip("netns", "delete", world.namespace)


def _configure_inside(world: World) -> None:
    inside = ("-netns", world.namespace)
    _ip(*inside, "link", "set", "lo", "up")
    _ip(*inside, "address", "replace", f"{POD_IDENTITY_ADDRESS}/32", "dev", "lo")
    _ip(*inside, "address", "replace", f"{world.node_address}/{world.link.prefixlen}", "dev", NODE_INTERFACE)
    _ip(*inside, "link", "set", NODE_INTERFACE, "up")
    # The kernel looks for a route before the service proxy rewrites a ClusterIP. There is no default route:
    # what is not part of the rehearsal is unreachable at once.
    source = ("src", str(world.node_address))
    _ip(*inside, "route", "replace", str(SERVICE_NETWORK), "dev", NODE_INTERFACE, *source)
    known = [
        f"{key}={value}" for key, value in _SYSCTLS.items() if Path("/proc/sys", *key.split(".")).exists()
    ]
    _run("nsenter", f"--net={namespace_file(world)}", "sysctl", "--quiet", "--write", *known)


def _require_ours(world: World) -> None:
    owner = _owner(world)
    if owner and owner != str(world.folder):
        raise GroundplanError(
            f"The network link {world.host_interface} belongs to another rehearsal: {owner}.",
            hint=f"End that rehearsal first, or delete the link: ip link delete {world.host_interface}",
        )


def _owner(world: World) -> str:
    """Folder of the rehearsal that the link belongs to; empty if there is no link or nobody claimed it."""
    alias = _host_interface(world) / "ifalias"
    return alias.read_text().strip() if alias.exists() else ""


def _host_interface(world: World) -> Path:
    return Path("/sys/class/net") / world.host_interface


def _ip(*arguments: str) -> None:
    _run("ip", *arguments)


def _run(*argv: str) -> None:
    try:
        subprocess.run(argv, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise GroundplanError(
            f"The program {argv[0]} is missing.", hint="Look at `groundplan doctor`."
        ) from error
    except subprocess.CalledProcessError as error:
        raise GroundplanError(f"`{' '.join(argv)}` failed: {error.stderr.strip()}") from error
