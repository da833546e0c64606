"""Images for real: built, loaded into containerd, and run as the cluster runs them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path

import pytest

from groundplan.errors import GroundplanError
from groundplan.rehearsal import images, node, supervisor
from groundplan.rehearsal.engines import all_engines
from groundplan.rehearsal.images.disk import room
from groundplan.rehearsal.images.release import SERVICES
from groundplan.rehearsal.images.store import Store, tag
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import World

pytestmark = pytest.mark.rehearsal

_TRITON_PROGRAM = Path(__file__).with_name("programs") / "triton_answers.py"


@pytest.fixture(scope="module")
def release(toolbox: Toolbox) -> images.Release:
    """The release of the present sources."""
    return images.build(toolbox, lambda line: print(line, file=sys.stderr))  # noqa: T201 - progress


@pytest.fixture(scope="module")
def loaded(make_world: Callable[[str], World], toolbox: Toolbox, release: images.Release) -> Generator[World]:
    """A rehearsal of which only containerd runs, with the release in it."""
    assert set(release.images) == set(SERVICES)
    world = make_world("test-images")
    parts = tuple(engine for engine in all_engines() if engine.name == "containerd")
    supervisor.start(world, toolbox, parts, print)
    images.load(world, toolbox)
    yield world
    supervisor.stop(world, parts)


@pytest.fixture
def run(loaded: World, toolbox: Toolbox) -> Callable[..., str]:
    """Runs Python in a service's image: not root, read-only, /tmp writable, no network but its own."""

    def run(service: str, code: str) -> str:
        digest = images.Release.read(loaded.release_manifest).images[service]
        reference = images.image_reference(loaded, service, digest)
        ctr = [
            str(toolbox.path("ctr")),
            "--address",
            str(node.runtime_socket(loaded)),
            "--namespace",
            "k8s.io",
        ]
        runtime = ["--runtime", str(toolbox.path("containerd-shim-runc-v2"))]
        rights = ["--read-only", "--user", "65532:65532", "--mount"]
        rights += ["type=tmpfs,src=tmpfs,dst=/tmp,options=rw:mode=1777"]
        done = subprocess.run(
            [*ctr, "run", "--rm", *runtime, *rights, reference, f"test-{service}", "python", "-c", code],
            check=False,
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    return run


def test_second_build_builds_nothing(toolbox: Toolbox, release: images.Release) -> None:
    """With unchanged sources no image is built, and the digests are the same."""
    events: list[str] = []
    assert images.build(toolbox, events.append) == release
    assert events == []


def test_second_load_imports_nothing(loaded: World, toolbox: Toolbox) -> None:
    """Loading again brings nothing into containerd (which may tidy up by itself meanwhile)."""
    content = loaded.engine_data("containerd") / "root" / "io.containerd.content.v1.content" / "blobs"
    before = _modified(content)
    assert before
    images.load(loaded, toolbox)
    assert _modified(content).items() <= before.items()


def _modified(content: Path) -> dict[Path, int]:
    """When each blob was written, of those that are still there when they are looked at."""
    found = {}
    for file in content.glob("*/*"):
        with suppress(FileNotFoundError):
            found[file] = file.stat().st_mtime_ns
    return found


def test_training_image_has_torch_with_gloo(run: Callable[..., str]) -> None:
    """The CPU stand-in of the cloud's base can train over several processes and export."""
    code = (
        "import torch.distributed as d, onnx, pyarrow.parquet, boto3, pydantic; print(d.is_gloo_available())"
    )
    assert run("training", code).endswith("True")


def test_image_runs_with_a_read_only_root(run: Callable[..., str]) -> None:
    """The service's user can write to /tmp and nowhere else."""
    code = (
        "import os, pathlib; pathlib.Path('x').touch(); "
        "print(os.getcwd(), os.getuid(), os.access('/opt/app', os.W_OK))"
    )
    assert run("ingest", code) == "/tmp 65532 False"  # noqa: S108 - the container's


def test_byte_code_is_valid_although_times_were_reset(run: Callable[..., str]) -> None:
    """Compiled files say that content decides: a read-only container would compile anew at every start."""
    code = (
        "import boto3, ingest, json, pathlib, importlib.util as u; "
        "compiled = [pathlib.Path(u.cache_from_source(m.__file__)) for m in (boto3, ingest, json)]; "
        "print({file.read_bytes()[4] for file in compiled})"
    )
    assert run("ingest", code) == "{3}"  # PEP 552: hash-based and checked


def test_triton_answers_from_its_python_backend(run: Callable[..., str]) -> None:
    """The server starts as the service's user, loads a model that uses ONNX Runtime, and computes."""
    assert run("inference", _TRITON_PROGRAM.read_text()).endswith("[2.0, 3.0]")


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A file system of 24 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], check=True)
    yield folder
    _unmount(folder)


def _unmount(folder: Path) -> None:
    """Take it away with what a build left mounted in it; what buildah still ends may hold it for a moment."""
    deadline = time.monotonic() + 30
    while folder.is_mount():
        done = subprocess.run(
            ["umount", "--recursive", str(folder)], check=False, capture_output=True, text=True
        )
        assert done.returncode == 0 or time.monotonic() < deadline, done.stderr
        time.sleep(0 if done.returncode == 0 else 0.2)


def _context(folder: Path, size_bytes: int) -> Path:
    folder.mkdir()
    (folder / "large").write_bytes(b"0" * size_bytes)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY large /\n")
    return folder


def test_full_disk_is_named_and_leaves_no_image(small_disk: Path, tmp_path: Path, toolbox: Toolbox) -> None:
    """Buildah runs out of space in the middle: the message says so, and nothing of the image stays."""
    context = _context(tmp_path / "context", 40 * 2**20)
    store = Store(small_disk, toolbox.path("buildah"))
    image = tag("large", "0" * 64)
    with (
        pytest.raises(GroundplanError, match=f"The disk is full: a test needs about .* in {small_disk}"),
        store.locked(),
        room(small_disk, 1, "a test"),
    ):
        store.run("large", "bud", "--tag", image, str(context))
    assert list(store.scratch.iterdir()) == []
    assert "large" not in store.ask("images", "--format", "{{.Name}}")
    with store.locked():
        store.run("large", "bud", "--tag", image, str(_context(tmp_path / "smaller", 2**20)))


def test_failed_build_shows_its_last_lines(tmp_path: Path, toolbox: Toolbox) -> None:
    """The message holds what buildah said at the end and where the whole log lies."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY missing /\n")
    store = Store(tmp_path / "store", toolbox.path("buildah"))
    with pytest.raises(GroundplanError, match="exit code") as failure, store.locked():
        store.run("broken", "bud", str(tmp_path))
    assert "missing" in (failure.value.log or "")
    assert str(store.log("broken")) in (failure.value.hint or "")
