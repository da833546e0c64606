"""What a rehearsal leaves behind is found and removed: its processes, by their environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from groundplan.rehearsal import leftovers, processes, worlds


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Rehearsals live in a scratch folder."""
    monkeypatch.setattr(worlds, "root", lambda: tmp_path)
    return tmp_path


def test_nothing_is_left_of_what_never_was() -> None:
    """An unknown rehearsal holds nothing, and that is False."""
    assert not leftovers.find("never-was")


def test_process_without_pid_file_is_found_and_removed() -> None:
    """A process is found by its environment alone, named, and killed; another rehearsal's is not."""
    environment = {**os.environ, processes.MARKER: "lost"}
    other = {**os.environ, processes.MARKER: "lost-too"}
    with (
        subprocess.Popen(["sleep", "60"], env=environment) as ours,
        subprocess.Popen(["sleep", "60"], env=other) as theirs,
    ):
        assert leftovers.find("lost").processes == (f"{ours.pid} sleep",)
        assert {"lost", "lost-too"} <= set(leftovers.find_all())
        leftovers.remove("lost")
        assert not leftovers.find("lost")
        assert theirs.poll() is None
        theirs.kill()


def test_the_asking_command_is_no_leftover(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step of a rehearsal may run `groundplan`, which carries the marker then and does not kill itself."""
    monkeypatch.setenv(processes.MARKER, "shell")
    program = "from groundplan.rehearsal import leftovers; leftovers.remove('shell'); print('alive')"
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert done.stdout == "alive\n"
