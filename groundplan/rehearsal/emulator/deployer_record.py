"""Writes down which permissions the AWS provider's calls need: what a role's policies are derived from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from groundplan.rehearsal.emulator.need import Need

PROVIDER = "terraform-provider-aws"
"""What the provider calls itself in the User-Agent. People use the same sessions, too."""


def by_provider(environ: Mapping[str, Any]) -> bool:
    """Whether a request is the provider's."""
    return PROVIDER in environ.get("HTTP_USER_AGENT", "")


class DeployerRecord:
    """Needs of one role, each once, as lines of JSON in a file that a killed emulator leaves whole.

    Args:
        file: where they go; what is there is kept.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen = set(read(file))

    def note(self, need: Need) -> None:
        """Write a need down if it is new."""
        if need in self._seen:
            return
        self._seen.add(need)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a") as lines:
            lines.write("\n" + json.dumps(asdict(need)))  # first, for a line before may be cut off


def read(file: Path) -> list[Need]:
    """The needs in a file, in order of their first call; a line that was cut off is left out."""
    if not file.exists():
        return []
    needs = []
    for line in file.read_text().splitlines():
        try:
            needs.append(Need(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return needs
