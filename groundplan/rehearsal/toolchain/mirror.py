"""Find Terraform providers in the filesystem mirrors that machines keep for work without a registry."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "GROUNDPLAN_TERRAFORM_MIRROR"
"""Environment variable: a mirror to look at before all others."""

_NAMESPACE = "registry.terraform.io"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class MirroredProvider:
    """A provider's program in a mirror.

    Args:
        version: as the mirror's folder says.
        file: the program.
    """

    version: str
    file: Path


def find(source: str, program: str) -> MirroredProvider | None:
    """The newest version of a provider in the first mirror that has one.

    Args:
        source: namespace and type, such as `hashicorp/aws`.
        program: what the program's file name begins with.
    """
    target = target_folder()
    for root in _roots():
        versions = [entry for entry in _entries(root / _NAMESPACE / source) if _ordinal(entry.name)]
        for version in sorted(versions, key=lambda entry: _ordinal(entry.name), reverse=True):
            for file in _entries(version / target):
                if file.name.startswith(program) and os.access(file, os.X_OK):
                    return MirroredProvider(version.name, file)
    return None


def target_folder() -> str:
    """What a mirror calls this machine's system and processor: `linux_amd64`, say."""
    machine = platform.machine()
    return f"{platform.system().lower()}_{_MACHINES.get(machine, machine)}"


def _roots() -> Iterator[Path]:
    explicit = os.environ.get(VARIABLE)
    if explicit:
        yield Path(explicit)
    yield Path.home() / ".terraform.d" / "plugins"
    yield Path("/usr/share/terraform/plugins")
    yield Path("/usr/local/share/terraform/plugins")
    yield from _entries(Path("/opt"))


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _ordinal(version: str) -> tuple[int, ...]:
    parts = version.split(".")
    return tuple(map(int, parts)) if all(part.isdigit() for part in parts) else ()
