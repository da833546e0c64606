"""Lays out the project with a prepared pull request applied."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from groundplan.preview.checkouts import Checkout
from groundplan.rehearsal.world import PROJECT_ROOT
from tests.pull_requests.definitions import PullRequest

_PARTS = ("infra", "stacks", "services")


@contextmanager
def patched(pull_request: PullRequest) -> Generator[Checkout]:
    """The working tree with the edits of a pull request, for as long as the block runs."""
    with TemporaryDirectory(prefix="groundplan-") as folder:
        root = Path(folder)
        shutil.copy(PROJECT_ROOT / "Pulumi.yaml", root)
        for part in _PARTS:
            shutil.copytree(PROJECT_ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        (root / ".venv").symlink_to(sys.prefix)
        for name, edits in pull_request.edits.items():
            file = root / name
            file.write_text(edited(file.read_text(encoding="utf-8"), edits), encoding="utf-8")
        yield Checkout(folder=root)


def edited(text: str, edits: tuple[tuple[str, str], ...]) -> str:
    """A text with each old part replaced.

    Raises:
        ValueError: an old part is not there exactly once: the prepared pull request fits no more.
    """
    for old, new in edits:
        if text.count(old) != 1:
            raise ValueError(f"{text.count(old)} times, not once: {old}")
        text = text.replace(old, new)
    return text
