"""What `groundplan state adopt --from-preview` is given and cannot use: said before anything is touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from groundplan.errors import ExitCode, GroundplanError
from groundplan.state import command

_OF_PROD = {"steps": [{"op": "create", "urn": "urn:pulumi:prod::shop::aws:ec2/vpc:Vpc::main"}]}
_FAILED = {"diagnostics": [{"severity": "error", "message": "the key aws:region is missing"}]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        ("steps: []", "Invalid JSON"),
        ({"steps": []}, "changeSummary is missing"),
        (_FAILED, "the preview failed"),
        ({**_OF_PROD, "changeSummary": {"create": 1}}, "of the stack prod, not of dev"),
    ],
    ids=["no file", "no JSON", "cut off", "failed", "another stack"],
)
def test_it_is_named_with_its_file(tmp_path: Path, content: Any, message: str) -> None:
    """Exit code 2, and the command that makes a right one."""
    file = tmp_path / "preview.json"
    if content is not None:
        file.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(GroundplanError, match=message) as failure:
        command.adopt("dev", [], file, clear=False, as_json=False)
    assert str(file) in failure.value.message
    assert "pulumi preview" in (failure.value.hint or "")
    assert failure.value.exit_code == ExitCode.CONFIG
