"""The door for people: a mistake ends in a message and an exit code, never in a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from groundplan.errors import ExitCode

from .states import state


def knock(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the door as a person does."""
    command = [sys.executable, "-m", "groundplan.audit.second_opinion", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("text", "named"), [("{", "is not JSON"), ('{"deployment": {}}', "no 'deployment.resources'")]
)
def test_wrong_files(tmp_path: Path, text: str, named: str) -> None:
    """The message on stderr, nothing on stdout, exit code 2."""
    file = tmp_path / "state.json"
    file.write_text(text)
    done = knock(str(file))
    assert (done.returncode, done.stdout) == (ExitCode.CONFIG, "")
    assert named in done.stderr
    assert "next: Write the state anew: pulumi stack export" in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_to_audit(tmp_path: Path) -> None:
    """An empty stack gets no opinion, no auditor is started, and that is no failure."""
    file = tmp_path / "state.json"
    file.write_text(json.dumps(state()))
    done = knock(str(file), "--json")
    assert done.returncode == ExitCode.OK
    assert json.loads(done.stdout)["opinions"] == []
