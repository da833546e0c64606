"""The base of a comparison: a commit, and its files beside the working tree's."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal.world import PROJECT_ROOT, cache_folder

_SHORT = 10
_KEPT = 5
"""Checkouts that stay in the cache, the latest ones."""


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """The project at one commit.

    Args:
        folder: its root: `Pulumi.yaml`, `infra/`, `stacks/`.
        commit: its full hash; empty for the working tree.
    """

    folder: Path
    commit: str = ""

    @property
    def short(self) -> str:
        """The commit as people read it."""
        return self.commit[:_SHORT]

    def stack_file(self, environment: str) -> Path:
        """Settings of an environment; the file need not be there."""
        return self.folder / "stacks" / f"Pulumi.{environment}.yaml"

    @property
    def environments(self) -> tuple[str, ...]:
        """Environments that have a stack file."""
        files = (self.folder / "stacks").glob("Pulumi.*.yaml")
        return tuple(sorted(file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in files))

    @property
    def services(self) -> tuple[str, ...]:
        """Services that have an image."""
        return tuple(sorted(file.parent.name for file in (self.folder / "services").glob("*/Dockerfile")))


def working_tree() -> Checkout:
    """The files as they are now, committed or not."""
    return Checkout(folder=PROJECT_ROOT)


def check_out(base: str) -> Checkout:
    """Lay the files of a commit into the cache, once, and return them. The repository is only read.

    Raises:
        GroundplanError: there is no such commit here, or no git (exit code 2).
    """
    commit = _resolve(base)
    folder = cache_folder() / "checkouts" / commit
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        archive = _git("archive", "--format=tar", commit)
        with TemporaryDirectory(dir=folder.parent) as draft:
            files = Path(draft) / "files"
            with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
                tar.extractall(files, filter="data")
            files.rename(folder)
        _forget_old(folder)
    _link_interpreter(folder)
    return Checkout(folder=folder, commit=commit)


def _link_interpreter(folder: Path) -> None:
    """Let the path by which Pulumi.yaml names the interpreter lead to this one: another clone may be gone."""
    link = folder / ".venv"
    if link.is_symlink() and link.readlink() == Path(sys.prefix):
        return
    with TemporaryDirectory(dir=folder.parent) as draft:
        new = Path(draft) / link.name
        new.symlink_to(sys.prefix)
        new.replace(link)


def _resolve(base: str) -> str:
    if base.startswith("-"):
        raise _unknown(base, "a name of a commit does not begin with a dash")
    try:
        return _git("rev-parse", "--verify", "--quiet", f"{base}^{{commit}}").decode().strip()
    except subprocess.CalledProcessError:
        raise _unknown(base, "there is no such commit in this clone") from None


def _git(*words: str) -> bytes:
    try:
        return subprocess.run(["git", *words], cwd=PROJECT_ROOT, check=True, capture_output=True).stdout
    except FileNotFoundError:
        raise GroundplanError(
            "git is not installed.", hint="apt-get install git", exit_code=ExitCode.CONFIG
        ) from None


def _unknown(base: str, reason: str) -> GroundplanError:
    return GroundplanError(
        f"BASE {base!r} cannot be compared with: {reason}.",
        hint="Give a branch, tag or hash. A shallow clone gets more of them by: git fetch origin main",
        exit_code=ExitCode.CONFIG,
    )


def _forget_old(newest: Path) -> None:
    others = [folder for folder in newest.parent.iterdir() if folder != newest]
    for folder in sorted(others, key=lambda each: each.lstat().st_mtime, reverse=True)[_KEPT - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)
