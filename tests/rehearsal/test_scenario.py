"""The whole scenario as a person plays it: killed at a random moment, run again, nothing left."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from groundplan.rehearsal import leftovers, worlds
from groundplan.rehearsal.scenario.steps import STEPS
from groundplan.rehearsal.world import PROJECT_ROOT

from .conftest import throw_away

pytestmark = [pytest.mark.rehearsal, pytest.mark.timeout(3000)]

ID = "test-scenario"
COMMAND = [sys.executable, "-m", "groundplan", "rehearse", "run", "dev", "--id", ID, "--json"]
KILLED_WITHIN_S = (5, 240)


@pytest.fixture(scope="module")
def records() -> Generator[dict[str, dict[str, Any]]]:
    """Evidence by step of a rehearsal that was killed once and then played to its end."""
    throw_away(ID)
    _kill_at_a_random_moment()
    done = subprocess.run(COMMAND, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, check=False)
    yield {record["name"]: record for record in json.loads(done.stdout)}
    throw_away(ID)


def _kill_at_a_random_moment() -> None:
    """Start the scenario and kill the command, and what it runs in the foreground, without a warning."""
    moment_s = random.uniform(*KILLED_WITHIN_S)  # noqa: S311 - any moment will do
    sys.stderr.write(f"killing the rehearsal after {moment_s:.0f} s\n")
    with subprocess.Popen(
        COMMAND, cwd=PROJECT_ROOT, stdout=subprocess.DEVNULL, start_new_session=True
    ) as child:
        try:
            child.wait(timeout=moment_s)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)


def test_every_step_is_played(records: dict[str, dict[str, Any]]) -> None:
    """All steps ended well, in the order of the scenario."""
    assert [(name, record["status"]) for name, record in records.items()] == [
        (step.name, "done") for step in STEPS
    ]


def test_every_check_holds(records: dict[str, dict[str, Any]]) -> None:
    """What the scenario claims is true: accuracy, resumption, no change, no drift, nothing left."""
    failed = [check for record in records.values() for check in record["checks"] if not check["passed"]]
    assert failed == []
    assert sum(len(record["checks"]) for record in records.values()) > 15


def test_nothing_is_left_on_the_machine(records: dict[str, dict[str, Any]]) -> None:
    """No process, mount, interface, namespace or cgroup of the rehearsal remains."""
    assert records["stop"]["status"] == "done"
    assert not leftovers.find(ID)


def test_report_lies_beside_the_evidence(records: dict[str, dict[str, Any]]) -> None:
    """The page shows the verdict and the charts; JSON and JUnit lie beside it."""
    folder: Path = worlds.root() / ID
    page = (folder / "report.html").read_text()
    assert '<span class="passed">passed</span>' in page
    assert "worker killed" in page
    assert page.count("<svg") == 5
    assert json.loads((folder / "report.json").read_text())["verdict"] == "passed"
    assert (folder / "junit.xml").exists()
    assert len(records) == len(STEPS)


def test_second_rehearsal_of_the_same_id_is_refused() -> None:
    """Two at once under one id: the second one says who has it, and touches nothing."""
    world = worlds.create("test-twice", "dev", "eu-central-1")
    try:
        with worlds.lock(world):
            command = [*COMMAND[:-3], "--id", "test-twice"]
            began = time.monotonic()
            done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert f"pid {os.getpid()}" in done.stderr
        assert time.monotonic() - began < 60
    finally:
        throw_away("test-twice")
