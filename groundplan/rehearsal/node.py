"""The one real node of a rehearsal: its name, its sockets and folders, its pod network, its own images."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from groundplan.errors import GroundplanError
from groundplan.rehearsal import oci_archive, pki
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import POD_NETWORK, World

IMAGE_NAMESPACE = "k8s.io"
"""Where containerd keeps the images and containers of Kubernetes."""

CNI_PROGRAMS = Path("/usr/lib/cni")
"""Where Debian's containernetworking-plugins lie."""

_SOCKET_PATH_LIMIT = 107
_LONGEST_SOCKET = "pod-resources/kubelet.sock"
_CAP_SYS_RESOURCE = 24


def name(world: World) -> str:
    """Name of the node, in the form that EKS gives nodes."""
    return pki.node_name(world)


def runtime_socket(world: World) -> Path:
    """Containerd's socket."""
    return world.run / "containerd" / "containerd.sock"


def kubelet_root(world: World) -> Path:
    """The kubelet's root directory: volumes of pods are mounted below it."""
    return world.engine_data("kubelet")


def pod_logs(world: World) -> Path:
    """Logs of all containers: `<namespace>_<pod>_<uid>/<container>/<restart>.log`."""
    return world.logs / "pods"


def require_short_paths(world: World) -> None:
    """Check that unix sockets fit below the rehearsal's folder.

    Raises:
        GroundplanError: the folder's path is too long for the kernel.
    """
    surplus = len(str(kubelet_root(world) / _LONGEST_SOCKET)) - _SOCKET_PATH_LIMIT
    if surplus > 0:
        raise GroundplanError(
            f"The path {world.folder} is {surplus} characters too long: sockets below it would exceed "
            f"the kernel's limit of {_SOCKET_PATH_LIMIT} characters.",
            hint="Move the project to a shorter path, or give the rehearsal a shorter id.",
        )


def lowers_oom_scores() -> bool:
    """Whether this process may lower the out-of-memory score of others (CAP_SYS_RESOURCE)."""
    status = Path("/proc/self/status").read_text()
    effective = next(line for line in status.splitlines() if line.startswith("CapEff:"))
    return bool(int(effective.split()[1], 16) >> _CAP_SYS_RESOURCE & 1)


def snapshotter(folder: Path) -> str:
    """Which containerd snapshotter works on the file system of a folder: `overlayfs`, or else `native`."""
    trial = folder / "overlay-trial"
    layers = [trial / part for part in ("lower", "upper", "work", "merged")]
    for layer in layers:
        layer.mkdir(parents=True, exist_ok=True)
    lower, upper, work, merged = layers
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    mount = ["mount", "-t", "overlay", "overlay", "-o", options, str(merged)]
    works = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    if works:
        subprocess.run(["umount", str(merged)], check=True)
    return "overlayfs" if works else "native"


def write_cni_configuration(world: World) -> Path:
    """Write the pod network's configuration and return its folder.

    Each pod has a point-to-point link into the namespace, so all traffic between pods is routed and meets
    the service proxy's and the network policies' rules, whatever the kernel does about bridges.
    """
    folder = world.engine_data("containerd") / "cni"
    folder.mkdir(parents=True, exist_ok=True)
    addresses = {
        "type": "host-local",
        "dataDir": str(folder / "leases"),
        "ranges": [[{"subnet": str(POD_NETWORK)}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    links = {"type": "ptp", "ipMasq": False, "ipam": addresses}
    host_ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    network = {"cniVersion": "1.0.0", "name": "groundplan", "plugins": [links, host_ports]}
    (folder / "10-groundplan.conflist").write_text(json.dumps(network, indent=2) + "\n")
    return folder


def import_program(world: World, toolbox: Toolbox, program: Path) -> str:
    """Put an image that holds one static program into containerd, and return the image's name.

    Raises:
        GroundplanError: containerd refuses it.
    """
    image = oci_archive.reference(program)
    if image not in _ctr(world, toolbox, "images", "list", "--quiet").split():
        archive = world.engine_data("containerd") / f"{program.name}.tar"
        oci_archive.write(program, archive)
        try:
            _ctr(world, toolbox, "images", "import", str(archive))
        finally:
            archive.unlink()
    return image


def _ctr(world: World, toolbox: Toolbox, *arguments: str) -> str:
    socket = ("--address", str(runtime_socket(world)), "--namespace", IMAGE_NAMESPACE)
    argv = [str(toolbox.path("ctr")), *socket, *arguments]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise GroundplanError(
            f"containerd refuses `ctr {' '.join(arguments)}`: {done.stderr.strip()}",
            hint=f"See {world.engine_log('containerd')}",
        )
    return done.stdout
