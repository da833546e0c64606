"""Stacks of the last release come under this version without losing anything."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from typing import Any

import pytest

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal import worlds
from groundplan.rehearsal.world import PROJECT_ROOT
from groundplan.upgrade import command, released

from .conftest import throw_away

pytestmark = [pytest.mark.rehearsal, pytest.mark.timeout(900)]

ENVIRONMENTS = ("prod", "dev")


@pytest.fixture(scope="module", autouse=True)
def nothing_left() -> Generator[None]:
    """Of runs that were interrupted, before and after."""
    for environment in ENVIRONMENTS:
        throw_away(f"upgrade-{environment}")
    yield
    for environment in ENVIRONMENTS:
        throw_away(f"upgrade-{environment}")


def upgrade(*words: str) -> subprocess.CompletedProcess[str]:
    """The command, as a person runs it."""
    return subprocess.run(
        [sys.executable, "-m", "groundplan", "upgrade", *words],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_nothing_of_prod_is_made_anew() -> None:
    """By the word of the engine and the AWS provider, on the state that the release wrote."""
    done = upgrade("--env", "prod", "--json")
    assert done.returncode == ExitCode.OK, done.stderr
    (diff,) = json.loads(done.stdout)["environments"]
    assert diff["environment"] == "prod"
    # What only interrupts something is told, and no reason to refuse.
    # Rights that a version widens are told, too, and for a reviewer to judge.
    assert {each["section"] for each in diff["findings"] if each["weight"] == "danger"} <= {"access"}
    assert "upgrade-prod" not in {world.id for world in worlds.list()}


def test_a_bucket_of_another_name_is_a_loss(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report names the bucket, what forces the replacement, and the command ends with 7."""

    def renamed(release: released.Release, environment: str) -> dict[str, Any]:
        text = json.dumps(original(release, environment))
        return json.loads(text.replace("groundplan-dev-raw-1", "groundplan-dev-ore-1"))

    original = released.Release.state
    monkeypatch.setattr(released.Release, "state", renamed)
    request = command.Request(version=None, environments=("dev",), page=None, as_json=False)
    with pytest.raises(
        GroundplanError, match=r"dev: s3 Bucket groundplan-dev-raw would be made anew"
    ) as verdict:
        command.run(request)
    assert verdict.value.exit_code == ExitCode.UNEXPECTED_CHANGES
    assert "loses its objects. Forced by: `bucket`" in capsys.readouterr().out
