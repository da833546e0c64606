"""Put the images of the release into a rehearsal's containerd, under the names that the cluster asks for."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping

from groundplan.errors import GroundplanError
from groundplan.rehearsal import node
from groundplan.rehearsal.images.build import build, open_store
from groundplan.rehearsal.images.layout import Layout
from groundplan.rehearsal.images.release import image_reference
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import World

_NAMESPACE = "k8s.io"
"""The namespace of containerd that the kubelet's images live in."""


def load(world: World, toolbox: Toolbox) -> None:
    """Import and unpack what containerd lacks of the release, and write the world's release manifest.

    The release is that of the sources as they are now: what changed since the last build is built first.

    Raises:
        GroundplanError: a build failed, or containerd refuses an image.
    """
    release = build(toolbox, _quietly)
    layout = open_store(toolbox).layout
    ctr = [str(toolbox.obtain("ctr")), "--address", str(node.runtime_socket(world))]
    ctr += ["--namespace", _NAMESPACE, "images"]
    snapshotter = node.snapshotter(world.engine_data("containerd"))
    names = {image_reference(world, service, digest): digest for service, digest in release.images.items()}
    present = _unpacked(ctr, snapshotter)
    missing = {name: digest for name, digest in names.items() if name not in present}
    if missing:
        _import(ctr, snapshotter, layout, missing)
    release.write(world.release_manifest)


def _quietly(_: str) -> None:
    """The caller's step says already what goes on."""


def _unpacked(ctr: list[str], snapshotter: str) -> set[str]:
    """Names of the images that are complete and unpacked."""
    command = [*ctr, "check", "--snapshotter", snapshotter, "--quiet"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise GroundplanError("containerd does not tell which images it has.", log=done.stderr)
    return set(done.stdout.split())


def _import(ctr: list[str], snapshotter: str, layout: Layout, names: Mapping[str, str]) -> None:
    """Stream one archive into containerd: layers that the images share are read and unpacked once."""
    command = [*ctr, "import", "--snapshotter", snapshotter, "-"]
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors) as process,
    ):
        try:
            with process.stdin as archive:  # ty: ignore[invalid-context-manager] - a pipe was asked for
                layout.write_archive(names, archive)
        except BrokenPipeError:
            pass  # it ended early, and says why on stderr
        code = process.wait()
        errors.seek(0)
        message = errors.read()
    if code != 0:
        raise GroundplanError(f"containerd could not import {', '.join(names)}.", log=message)
