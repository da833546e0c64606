"""Which backend, project and stack a command is about, and under which keys Pulumi keeps what is theirs.

The layout is that of Pulumi's backends of files and objects, with stacks by project (`.pulumi/meta.yaml`,
version 1).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal.world import PROJECT_ROOT
from groundplan.state.bucket import Bucket, Item, open_bucket

COMPRESSIONS = ("", ".gz", ".zst")


@dataclass(frozen=True, kw_only=True)
class StackLocation:
    """One stack in one backend.

    Args:
        bucket: where the backend keeps its objects.
        project: name of the Pulumi project.
        stack: name of the stack.
    """

    bucket: Bucket
    project: str
    stack: str

    @property
    def lock_folder(self) -> str:
        """Pulumi puts one file here for each operation that is under way."""
        return f".pulumi/locks/organization/{self.project}/{self.stack}/"

    def state_key(self) -> str | None:
        """Where the state lies, compressed or not; None where there is no such stack."""
        names = {f"{self._base}.json{ending}" for ending in COMPRESSIONS}
        found = [item for item in self.bucket.items(f"{self._base}.json") if item.key in names]
        return max(found, key=lambda item: item.modified).key if found else None

    @property
    def usual_key(self) -> str:
        """Where the state would lie, uncompressed."""
        return f"{self._base}.json"

    def history(self) -> Iterator[Item]:
        """What was done when: one record for each operation that ended."""
        return (item for item in self._history() if ".history.json" in item.key)

    def copies(self) -> Iterator[Item]:
        """Every copy of the state that Pulumi or the bucket keeps, in no order.

        The state before the last write (`.bak`), after each operation that ended (history, backups), after
        each step where `PULUMI_DIY_BACKEND_RETAIN_CHECKPOINTS` is set, and versions in a versioned bucket.
        """
        current = self.state_key() or self.usual_key
        for item in self.bucket.items(f"{self._base}.json"):
            if item.key != current and not item.key.endswith(".damaged"):
                yield item
        yield from (item for item in self._history() if ".checkpoint.json" in item.key)
        yield from self.bucket.items(f".pulumi/backups/{self.project}/{self.stack}/")
        yield from self.bucket.earlier_versions(current)

    @property
    def _base(self) -> str:
        return f".pulumi/stacks/{self.project}/{self.stack}"

    def _history(self) -> Iterator[Item]:
        return self.bucket.items(f".pulumi/history/{self.project}/{self.stack}/")


def locate(stack: str) -> StackLocation:
    """The stack of that name in this shell's backend and this folder's project.

    Args:
        stack: its name, or `organization/project/stack`.

    Raises:
        GroundplanError: no backend or project is known, or the backend cannot be looked into.
    """
    *_, project, name = ["", *stack.split("/")]
    settings = _project_settings()
    url = (
        os.environ.get("PULUMI_BACKEND_URL") or (settings.get("backend") or {}).get("url") or _current_login()
    )
    if not url:
        raise GroundplanError(
            "No backend of Pulumi is known here: PULUMI_BACKEND_URL is not set, and nobody has logged in.",
            hint=f'eval "$(groundplan rehearse env {name})", or: pulumi login s3://BUCKET',
            exit_code=ExitCode.NO_STACK,
        )
    return StackLocation(bucket=open_bucket(url), project=project or settings["name"], stack=name)


def _project_settings() -> dict[str, Any]:
    """What the nearest Pulumi.yaml says: of this folder, one above it, or this checkout."""
    here = Path.cwd()
    for folder in (here, *here.parents, PROJECT_ROOT):
        file = folder / "Pulumi.yaml"
        if file.exists():
            return yaml.safe_load(file.read_text(encoding="utf-8"))
    return {}


def _current_login() -> str:
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    try:
        return json.loads((home / "credentials.json").read_text())["current"]
    except (OSError, ValueError, KeyError):
        return ""
