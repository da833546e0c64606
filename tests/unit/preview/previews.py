"""Previews for tests: the engine's words, made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from groundplan.preview.changes import Change, changes_of
from groundplan.preview.document import Preview

URN = "urn:pulumi:prod::groundplan::{type}::{name}"


def step(
    op: str, type_: str, old: dict[str, Any] | None, new: dict[str, Any] | None, name: str = "it", **more: Any
) -> dict[str, Any]:
    """One step, with the inputs before and after."""
    states = {
        key: {"type": type_, "custom": True, "inputs": inputs}
        for key, inputs in (("oldState", old), ("newState", new))
        if inputs is not None
    }
    return {"op": op, "urn": URN.format(type=type_, name=name), "detailedDiff": None, **states, **more}


def preview(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A whole document."""
    return {"steps": list(steps), "changeSummary": {}, **more}


def changes(*steps: dict[str, Any]) -> tuple[Change, ...]:
    """What changes by these steps."""
    return changes_of(Preview.model_validate(preview(*steps)))


def written(folder: Path, document: dict[str, Any]) -> Path:
    """A file that the command can read."""
    file = folder / "preview.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file
