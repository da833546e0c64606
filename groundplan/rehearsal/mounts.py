"""Mounts below a folder: found in the kernel's table, and taken away."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from groundplan.errors import GroundplanError

_TABLE = Path("/proc/self/mountinfo")
_OCTAL = re.compile(r"\\([0-7]{3})")


def below(folder: Path, table: Path = _TABLE) -> list[Path]:
    """Mount points at or below a folder, the newest first (the order in which they can be taken away)."""
    points = (
        Path(_OCTAL.sub(lambda code: chr(int(code[1], 8)), line.split()[4]))
        for line in table.read_text().splitlines()
    )
    return [point for point in points if point.is_relative_to(folder)][::-1]


def remove_below(folder: Path) -> None:
    """Unmount everything below a folder. A mount that is in use goes as soon as its last user ends.

    Raises:
        GroundplanError: the kernel refuses.
    """
    for point in below(folder.resolve()):
        done = subprocess.run(["umount", "--lazy", str(point)], check=False, capture_output=True, text=True)
        if done.returncode != 0 and point in below(point):
            raise GroundplanError(f"Cannot unmount {point}: {done.stderr.strip()}", hint=f"umount {point}")
