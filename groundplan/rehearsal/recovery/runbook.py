"""The commands of the runbook, as a person in the second region types them, section by section."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from groundplan.rehearsal.world import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "runbooks" / "recover-in-the-second-region.md"
_SECTION = re.compile(r"^## (?P<title>.+?)\n(?P<text>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Args:
        title: its heading.
        commands: what is typed.
    """

    title: str
    commands: str


def sections(page: str) -> tuple[str, list[Section]]:
    """The block of values that each shell begins with, and the sections that have commands."""
    found = [
        Section(part["title"], "".join(_COMMANDS.findall(part["text"]))) for part in _SECTION.finditer(page)
    ]
    values, *others = [section for section in found if section.commands]
    return values.commands, others


def with_values(commands: str, values: Mapping[str, str]) -> str:
    """The block of values for another environment.

    Raises:
        ValueError: the block does not set one of them, so that the page and the drill have drifted apart.
    """
    for name, value in values.items():
        commands, count = re.subn(
            rf"^export {name}=.*$", f'export {name}="{value}"', commands, flags=re.MULTILINE
        )
        if count != 1:
            raise ValueError(f"{PAGE.name} sets {name} {count} times, not once")
    return commands


@dataclass(frozen=True)
class Run:
    """How commands went.

    Args:
        exit_code: of the first that failed, or 0.
        seconds: wall time.
        lines: what they printed.
    """

    exit_code: int
    seconds: float
    lines: list[str]


def run(
    commands: str, *, folder: Path, variables: Mapping[str, str], log: Path, show: Callable[[str], None]
) -> Run:
    """Run commands in a bash that ends at the first failure.

    Args:
        commands: what is typed.
        folder: where.
        variables: the environment.
        log: what they print is added to it.
        show: given each line as it comes.

    Raises:
        KeyboardInterrupt: after what was under way has ended: Pulumi saves its state first.
    """
    began, lines = time.monotonic(), []
    with (
        log.open("a", encoding="utf-8") as file,
        subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", commands],
            cwd=folder,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # Ctrl-C reaches it through us alone, once
        ) as child,
    ):
        assert child.stdout  # noqa: S101 - it is a pipe
        try:
            for line in child.stdout:
                file.write(line)
                lines.append(line.rstrip())
                if line.strip():
                    show(line.strip())
        except KeyboardInterrupt:
            os.killpg(child.pid, signal.SIGINT)
            file.writelines(child.stdout)  # to its end: who writes to a closed pipe dies at once
            raise
    return Run(child.returncode, round(time.monotonic() - began, 2), lines)
