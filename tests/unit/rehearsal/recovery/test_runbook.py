"""The runbook is what the drill types: its commands are found, and only its values are others."""

from __future__ import annotations

import subprocess

import pytest

from groundplan.rehearsal.recovery.runbook import PAGE, Section, sections, with_values
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
