"""Environments of the auditors' own: their dependencies would hold back those of the rest.

Made on first use below the user's cache from a constraints file with hashes, so that an auditor is the same
everywhere and its ids can be checked. A changed constraints file makes a new environment.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from groundplan.errors import GroundplanError
from groundplan.rehearsal.world import PROJECT_ROOT, cache_folder

CONSTRAINTS = PROJECT_ROOT / "constraints"
_DIGITS = 12
_LOG_LINES = 15


def obtain(auditor: str, report: Callable[[str], None]) -> Path:
    """The program of an auditor; installs it first if need be (once, about a minute).

    Args:
        auditor: its name, which is that of its constraints file and of its program.
        report: takes one line about the installation.

    Raises:
        GroundplanError: it cannot be installed; says why.
    """
    constraints = CONSTRAINTS / f"{auditor}.txt"
    folder = cache_folder() / "auditors" / f"{auditor}-{_digest(constraints)}"
    program = folder / "bin" / auditor
    if (folder / ".complete").exists():
        return program
    try:
        _obtain(auditor, folder, constraints, report)
    except OSError as error:
        raise GroundplanError(
            f"{auditor} cannot be installed below {folder.parent}: {error.strerror}.",
            hint="Name a folder that can be written: export GROUNDPLAN_CACHE=FOLDER",
        ) from None
    return program


def _obtain(auditor: str, folder: Path, constraints: Path, report: Callable[[str], None]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".complete").exists():  # another process may have made it meanwhile
            report(f"{auditor}: installing it into an environment of its own")
            shutil.rmtree(folder, ignore_errors=True)
            _install(folder, constraints)
            (folder / ".complete").touch()


def version(auditor: str) -> str:
    """The version that is pinned."""
    for line in (CONSTRAINTS / f"{auditor}.txt").read_text(encoding="utf-8").splitlines():
        name, _, pinned = line.removesuffix(" \\").partition("==")
        if name == auditor:
            return pinned
    raise GroundplanError(
        f"constraints/{auditor}.txt does not pin {auditor}.", hint="make constraints-auditors"
    )


def _digest(constraints: Path) -> str:
    python = f"{sys.version_info.major}.{sys.version_info.minor}".encode()
    return hashlib.sha256(python + constraints.read_bytes()).hexdigest()[:_DIGITS]


def _install(folder: Path, constraints: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    pip = ["--without-pip"] if uv.exists() else []
    _run([sys.executable, "-m", "venv", *pip, str(folder)], constraints)
    python = str(folder / "bin" / "python")
    install = (
        [str(uv), "pip", "install", "--python", python]
        if uv.exists()
        else [python, "-m", "pip", "install", "--quiet"]
    )
    _run([*install, "--require-hashes", "-r", str(constraints)], constraints)


def _run(command: list[str], constraints: Path) -> None:
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise GroundplanError(
            f"{constraints.stem} cannot be installed: {command[0]} ended with {done.returncode}.",
            log="\n".join(done.stdout.splitlines()[-_LOG_LINES:]),
            hint=f"Check that this machine reaches a Python package index, then run the same command again "
            f"({constraints.relative_to(PROJECT_ROOT)} says what is needed).",
        )
