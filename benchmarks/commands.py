"""What several benchmarks do: run a command for its seconds, or Pulumi without settings of ours."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from groundplan.rehearsal import shell
from groundplan.rehearsal.providers import warm_request

PROJECT_ROOT = Path(__file__).resolve().parents[1]
_SHOWN = 4000


def seconds_of(name: str, words: Sequence[str], variables: Mapping[str, str], *, expected: int = 0) -> float:
    """Wall seconds of a command in the project's folder.

    Args:
        name: how people call it.
        words: the command line.
        variables: its environment.
        expected: its exit code.

    Raises:
        SystemExit: it ended otherwise; shows the end of what it printed.
    """
    began = time.monotonic()
    done = subprocess.run(
        words, cwd=PROJECT_ROOT, env=dict(variables), capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - began
    if done.returncode != expected:
        raise SystemExit(
            f"{name} ended with {done.returncode}:\n{done.stdout[-_SHOWN:]}{done.stderr[-_SHOWN:]}"
        )
    return seconds


def with_defaults(variables: Mapping[str, str], home: Path) -> dict[str, str]:
    """The environment of a rehearsal's Pulumi without our settings; `home` is new: the CLI logs there."""
    ours = {*shell.SPEED, warm_request.SOCKET}
    kept = {name: value for name, value in variables.items() if name not in ours}
    return {**kept, "PULUMI_HOME": str(home)}
