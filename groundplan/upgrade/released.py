"""States that released versions wrote: `stacks/released/VERSION/ENVIRONMENT.json.gz`, never changed."""

from __future__ import annotations

import gzip
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal.world import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "stacks" / "released"
_SUFFIX = ".json.gz"


@dataclass(frozen=True, kw_only=True)
class Release:
    """A version whose stacks are known.

    Args:
        version: as pyproject.toml had it.
        folder: its states, one an environment.
    """

    version: str
    folder: Path

    @property
    def environments(self) -> tuple[str, ...]:
        """Environments whose state was recorded."""
        return tuple(sorted(file.name.removesuffix(_SUFFIX) for file in self.folder.glob(f"*{_SUFFIX}")))

    def state(self, environment: str) -> dict[str, Any]:
        """The state of an environment, as `pulumi stack export` wrote it.

        Raises:
            GroundplanError: there is none (exit code 6), or its file is damaged (2).
        """
        file = self.folder / f"{environment}{_SUFFIX}"
        if not file.exists():
            raise GroundplanError(
                f"--env {environment}: {self.version} was released without such a stack.",
                hint=f"Allowed: {', '.join(self.environments)}.",
                exit_code=ExitCode.NO_STACK,
            )
        try:
            return json.loads(gzip.decompress(file.read_bytes()))
        except (OSError, EOFError, ValueError) as error:
            raise GroundplanError(
                f"{file.relative_to(PROJECT_ROOT)} is damaged: {error}.",
                hint=f"git checkout -- {file.relative_to(PROJECT_ROOT)}",
                exit_code=ExitCode.CONFIG,
            ) from None


def releases() -> tuple[Release, ...]:
    """All released versions, the latest one last."""
    found = [Release(version=each.name, folder=each) for each in FOLDER.glob("*") if each.is_dir()]
    return tuple(sorted(found, key=lambda release: [int(part) for part in release.version.split(".")]))


def find(version: str | None) -> Release:
    """A released version; the latest one if none is named.

    Raises:
        GroundplanError: there is no such release (exit code 2).
    """
    known = releases()
    for release in reversed(known):
        if version in {None, release.version}:
            return release
    raise GroundplanError(
        f"--from {version}: no such version was released.",
        hint=f"Allowed: {', '.join(release.version for release in known) or 'none yet'}.",
        exit_code=ExitCode.CONFIG,
    )


def keep(environment: str, state: dict[str, Any]) -> Path:
    """Write the state of an environment as that of the version in pyproject.toml.

    Raises:
        GroundplanError: the version was released already: what it wrote stays as it is (exit code 2).
    """
    version = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]["version"]
    file = FOLDER / version / f"{environment}{_SUFFIX}"
    if file.exists():
        raise GroundplanError(
            f"{version} was released already: {file.relative_to(PROJECT_ROOT)} stays as it is.",
            hint="Raise project.version in pyproject.toml first.",
            exit_code=ExitCode.CONFIG,
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    # Without a time in it, the same state is the same file.
    file.write_bytes(gzip.compress(json.dumps(state, sort_keys=True).encode(), mtime=0))
    return file
