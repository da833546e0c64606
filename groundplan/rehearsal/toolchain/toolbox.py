"""Get tools: found on PATH in the right version, kept in the cache, taken from a mirror, or built."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from groundplan.errors import GroundplanError
from groundplan.rehearsal import worlds
from groundplan.rehearsal.toolchain import golang, mirror
from groundplan.rehearsal.toolchain.tools import TOOLS, DebianTool, GoTool, TerraformProvider, Tool

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PROBE_TIMEOUT_S = 20


@dataclass(frozen=True)
class Found:
    """A tool on this machine.

    Args:
        path: the program (of `cni-plugins`: the folder).
        version: its version; None where Debian decides it.
        source: where it came from: `path`, `cache`, `mirror` or `debian`.
    """

    path: Path
    version: str | None
    source: str


class Toolbox:
    """All tools of the rehearsal, by name (see `tools.TOOLS`).

    Args:
        cache: folder for what is built; shared by all rehearsals of the user.
        report: takes one line about each longer step.
        tools: the table to go by.
    """

    def __init__(self, cache: Path, report: Callable[[str], None], tools: Mapping[str, Tool] = TOOLS) -> None:
        self.cache = cache
        self._tools = tools
        self._report = report
        self._known: dict[str, Found] = {}

    def obtain(self, name: str) -> Path:
        """Path of a tool; builds it first if need be.

        Raises:
            GroundplanError: it cannot be had; says what to install or free.
        """
        found = self.find(name)
        if found:
            return found.path
        match self._tools[name]:
            case DebianTool() as tool:
                raise GroundplanError(
                    f"{tool.name} is missing; it is part of the Debian package {tool.package}.",
                    hint=f"Install it: apt-get install {tool.package} (`make rehearse` does that by itself)",
                )
            case TerraformProvider(build=tool) | (GoTool() as tool):
                return self._build(tool)

    def path(self, name: str) -> Path:
        """Path of a tool that is there already.

        Raises:
            GroundplanError: it has not been obtained.
        """
        found = self.find(name)
        if found is None:
            raise GroundplanError(f"{name} is not here yet.", hint="Run: groundplan rehearse run dev")
        return found.path

    def find(self, name: str) -> Found | None:
        """A tool in the right version, if it is on this machine. Builds nothing.

        Raises:
            GroundplanError: there is no tool of that name.
        """
        if name not in self._tools:
            raise GroundplanError(f"No tool is called {name!r}. There are: {', '.join(sorted(self._tools))}.")
        if name not in self._known:
            found = self._search(name)
            if found is None:
                return None
            self._known[name] = found
        return self._known[name]

    def build(self, name: str) -> Path:
        """Build a tool in its exact version, even where another would do (a mirror's provider).

        Raises:
            GroundplanError: the build failed, or the tool is not one that is built.
        """
        tool = self._tools[name]
        if isinstance(tool, TerraformProvider):
            tool = tool.build
        if isinstance(tool, DebianTool):
            raise GroundplanError(f"{name} is not built; it comes with the Debian package {tool.package}.")
        return self._build(tool)

    def _search(self, name: str) -> Found | None:
        match self._tools[name]:
            case DebianTool() as tool:
                return _find_debian(tool)
            case GoTool() as tool:
                return _find_on_path(tool) or self._find_cached(tool)
            case TerraformProvider() as tool:
                return self._find_cached(tool.build) or self._find_mirrored(tool)

    def _find_cached(self, tool: GoTool) -> Found | None:
        program = self._program(tool.name, tool.edition)
        return Found(program, tool.version, "cache") if program.exists() else None

    def _find_mirrored(self, tool: TerraformProvider) -> Found | None:
        found = mirror.find(tool.source, tool.name)
        if found is None:
            return None
        # The bridge takes the provider's name from the file's, which a mirror ends with the version.
        link = self._program(tool.name, f"{found.version}-mirror")
        if not link.exists() or link.resolve() != found.file.resolve():
            link.parent.mkdir(parents=True, exist_ok=True)
            draft = link.with_name(f".{link.name}.{os.getpid()}")
            draft.symlink_to(found.file)
            draft.replace(link)
        return Found(link, found.version, "mirror")

    def _build(self, tool: GoTool) -> Path:
        edition = tool.edition
        target = self._program(tool.name, edition)
        with self._lock(f"{tool.name}-{edition}"):
            if not target.exists():  # another process may have built it while this one waited
                go = golang.obtain_go(self.cache, self._report)
                log = self.cache / "logs" / f"build-{tool.name}-{edition}.log"
                golang.build(go, tool, target, log, self._report)
        self._known[tool.name] = Found(target, tool.version, "cache")
        return target

    def _program(self, name: str, edition: str) -> Path:
        return self.cache / "tools" / f"{name}-{edition}" / name

    @contextmanager
    def _lock(self, name: str) -> Generator[None]:
        folder = self.cache / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._report(f"waiting for another process that builds {name}")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _find_debian(tool: DebianTool) -> Found | None:
    if tool.file:
        return Found(tool.file, None, "debian") if tool.file.exists() else None
    program = shutil.which(tool.name, path=_search_path())
    return Found(Path(program), None, "debian") if program else None


def _find_on_path(tool: GoTool) -> Found | None:
    program = shutil.which(tool.name, path=_search_path())
    if not program or not tool.version_args:
        return None
    try:
        answer = subprocess.run(
            [program, *tool.version_args],
            check=False,
            capture_output=True,
            text=True,
            timeout=_PROBE_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = answer.stdout.replace("-", " ").split()
    return (
        Found(Path(program), tool.version, "path")
        if {tool.version, f"v{tool.version}"} & set(words)
        else None
    )


def _search_path() -> str:
    """PATH without the folders of rehearsals: their `pulumi` and `kubectl` belong to one world each."""
    folders = [*os.environ.get("PATH", "").split(os.pathsep), *_SYSTEM_PATH.split(os.pathsep)]
    return os.pathsep.join(folder for folder in folders if folder and not _is_of_a_rehearsal(Path(folder)))


def _is_of_a_rehearsal(folder: Path) -> bool:
    """Whether a folder lies in a rehearsal, of this checkout or (by its `world.json`) of another one."""
    resolved = folder.resolve()
    return resolved.is_relative_to(worlds.root()) or (resolved.parent / "world.json").exists()
