"""containerd: runs the containers of the rehearsal's node."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import psutil

from groundplan.rehearsal import cgroups, mounts, node, oci_archive
from groundplan.rehearsal.cri import Runtime
from groundplan.rehearsal.engines.base import Command, ProcessEngine
from groundplan.rehearsal.toolchain.tools import pinned_version
from groundplan.rehearsal.world import World

_NETWORK_RESULTS = Path("/var/lib/cni/results")
_ANSWER_TIMEOUT_S = 2
_REMOVE_TIMEOUT_S = 20
_PARALLEL_REMOVALS = 8


class Containerd(ProcessEngine):
    """The container runtime, with Debian's runc and CNI programs."""

    name = "containerd"
    version = pinned_version("containerd")
    stands_for = "the container runtime of an EKS node"

    def tools(self) -> tuple[str, ...]:
        """Its daemon, its shim, its client, and what they call."""
        return ("containerd", "containerd-shim-runc-v2", "ctr", "runc", "cni-plugins", "pause")

    def command(self, world: World) -> Command:
        """Write its configuration."""
        node.require_short_paths(world)
        data = world.engine_data(self.name)
        data.mkdir(parents=True, exist_ok=True)
        configuration = data / "config.toml"
        configuration.write_text(self._configuration(world))
        return Command(argv=[str(self.toolbox.path("containerd")), "--config", str(configuration)])

    def ready(self, world: World) -> bool:
        """Whether its CRI answers."""
        with _runtime(world, _ANSWER_TIMEOUT_S) as runtime:
            return runtime.answers()

    def stop(self, world: World) -> None:
        """End all pods with their networks and mounts, then the daemon; then take away what is left."""
        if self.running(world):
            _remove_sandboxes(world)
        super().stop(world)
        _kill_shims(world)
        cgroups.remove(world.cgroup)
        _remove_shim_sockets(world)
        _remove_network_results(world)
        mounts.remove_below(_state(world))
        for folder in (_state(world), _runc_state(world)):  # what a reboot would clear
            shutil.rmtree(folder, ignore_errors=True)

    def _configuration(self, world: World) -> str:
        cni = node.write_cni_configuration(world)
        sandbox = oci_archive.reference(self.toolbox.path("pause"))
        data = world.engine_data(self.name)
        return _TEMPLATE.format(
            root=_toml(data / "root"),
            state=_toml(_state(world)),
            socket=_toml(node.runtime_socket(world)),
            snapshotter=_toml(node.snapshotter(data)),
            sandbox=_toml(sandbox),
            restrict_oom_score_adj=_toml(not node.lowers_oom_scores()),
            shim=_toml(self.toolbox.path("containerd-shim-runc-v2")),
            runc=_toml(self.toolbox.path("runc")),
            runc_root=_toml(_runc_state(world)),
            cni_programs=_toml(node.CNI_PROGRAMS),
            cni_configuration=_toml(cni),
        )


def _remove_sandboxes(world: World) -> None:
    """Best effort: what a runtime in trouble leaves behind is killed and unmounted afterwards."""

    def remove(sandbox: str) -> None:
        try:
            runtime.remove_sandbox(sandbox)
        except grpc.RpcError:
            return

    with (
        _runtime(world, _REMOVE_TIMEOUT_S) as runtime,
        ThreadPoolExecutor(_PARALLEL_REMOVALS) as threads,
    ):
        try:
            list(threads.map(remove, runtime.sandboxes()))
        except grpc.RpcError:
            return


def _kill_shims(world: World) -> None:
    """Shims outlive a daemon that was killed; each names the daemon's socket on its command line."""
    socket = str(node.runtime_socket(world))
    shims = []
    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"].startswith("containerd-shim") and socket in (process.info["cmdline"] or ()):
            process.kill()
            shims.append(process)
    psutil.wait_procs(shims, timeout=_REMOVE_TIMEOUT_S)


def _remove_shim_sockets(world: World) -> None:
    """Shims listen outside of our folders; what they were started with tells where."""
    for file in _state(world).glob("io.containerd.runtime.v2.task/*/*/bootstrap.json"):
        address = json.loads(file.read_text())["address"]
        Path(address.removeprefix("unix://")).unlink(missing_ok=True)


def _remove_network_results(world: World) -> None:
    """CNI keeps what it did for a pod outside of our folders, until the pod's network is taken down."""
    for result in _NETWORK_RESULTS.glob("*"):
        if str(_state(world)) in result.read_text(errors="replace"):
            result.unlink()


def _runtime(world: World, timeout_s: float) -> Runtime:
    return Runtime(node.runtime_socket(world), timeout_s=timeout_s)


def _state(world: World) -> Path:
    return world.run / "containerd"


def _runc_state(world: World) -> Path:
    return world.run / "runc"


def _toml(value: Path | str | bool) -> str:
    return json.dumps(str(value) if isinstance(value, Path) else value)


# `restrict_oom_score_adj`: a runtime that may not lower scores would fail every sandbox.
# `opt`: that plugin would create /opt/containerd.
_TEMPLATE = """\
version = 3
root = {root}
state = {state}
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri"]

[grpc]
address = {socket}

[plugins."io.containerd.cri.v1.images"]
snapshotter = {snapshotter}

[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = {sandbox}

[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = {restrict_oom_score_adj}
netns_mounts_under_state_dir = true
enable_cdi = false

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
runtime_path = {shim}

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
BinaryName = {runc}
Root = {runc_root}
SystemdCgroup = false

[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = [{cni_programs}]
conf_dir = {cni_configuration}
use_internal_loopback = true
"""
