"""The runbook is what the drill types: its commands are found, and only its values are others."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from groundplan.rehearsal.recovery.runbook import PAGE, Run, Section, run, sections, with_values
from tests.unit.infra.recording import stack_config

TEXT = PAGE.read_text(encoding="utf-8")
VALUES, SECTIONS = sections(TEXT)


def test_the_page_recovers_step_by_step() -> None:
    """The search finds what the page has people type, or the drill would type nothing."""
    assert [section.title for section in SECTIONS] == [
        "Find the newest backup",
        "Bring the platform up",
        "Fill the lake",
        "See that it is there",
    ]
    typed = "".join(section.commands for section in SECTIONS)
    for command in ("list-recovery-points-by-backup-vault", "groundplan standby", "pulumi up", "aws s3 sync"):
        assert command in typed


def test_the_values_are_those_of_prod() -> None:
    """Whoever follows the page for prod changes nothing."""
    recovery = stack_config("prod")["groundplan:platform"]["recovery"]
    shown = {"ENVIRONMENT": "prod", "AWS_REGION": recovery["region"]}
    for name, value in shown.items():
        assert f"export {name}={value}\n" in VALUES
    assert 'export ZONES="raw curated features models"\n' in VALUES


@pytest.mark.parametrize("section", SECTIONS, ids=[section.title for section in SECTIONS])
def test_a_section_is_bash(section: Section) -> None:
    """In quotes where a value could hold a space."""
    typed = VALUES + section.commands
    done = subprocess.run(["bash", "-n"], input=typed, text=True, capture_output=True, check=False)
    assert done.stderr == ""


def test_other_values_take_the_place_of_those_shown() -> None:
    """Each once; a page that names one no more is not followed blindly."""
    commands = with_values(VALUES, {"ENVIRONMENT": "staging", "ZONES": "raw models"})
    assert 'export ENVIRONMENT="staging"\n' in commands
    assert 'export ZONES="raw models"\n' in commands
    assert "export AWS_REGION=eu-west-1\n" in commands
    with pytest.raises(ValueError, match="sets REGION 0 times"):
        with_values(VALUES, {"REGION": "eu-west-1"})


def _run(commands: str, folder: Path, show: Callable[[str], None] = lambda _: None) -> Run:
    return run(commands, folder=folder, variables=os.environ, log=folder / "log", show=show)


def test_commands_end_at_the_first_failure(tmp_path: Path) -> None:
    """Also of a pipeline, and of a variable that nobody set; what was printed is kept."""
    for wrong in ("exit 3", "false | true", 'echo "$NOBODY_SET_THIS"'):
        went = _run(f"echo before\n{wrong}\necho after", tmp_path)
        assert went.exit_code != 0
        assert "before" in went.lines
        assert "after" not in went.lines
    assert "before\n" in (tmp_path / "log").read_text()


def test_an_interrupt_waits_for_what_is_under_way(tmp_path: Path) -> None:
    """It is told once, and ends by itself: what it prints then is in the log."""

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    slow = "trap 'echo saved; exit 1' INT; echo ready; for i in $(seq 300); do sleep 0.1; done"
    with pytest.raises(KeyboardInterrupt):
        _run(slow, tmp_path, interrupt)
    assert (tmp_path / "log").read_text() == "ready\nsaved\n"
