"""The whole scenario as a person plays it: killed at five random moments, run again, nothing left."""

from __future__ import annotations

import json
import os
import random
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from groundplan.errors import ExitCode
from groundplan.rehearsal import leftovers, worlds
from groundplan.rehearsal.scenario.record import load_records
from groundplan.rehearsal.scenario.steps import STEPS
from groundplan.rehearsal.world import ACCOUNT_ID, PROJECT_ROOT

from .conftest import throw_away

pytestmark = [pytest.mark.rehearsal, pytest.mark.timeout(3000)]

ID = "test-scenario"
COMMAND = [sys.executable, "-m", "groundplan", "rehearse", "run", "dev", "--id", ID, "--json"]
SEED = "GROUNDPLAN_TEST_SEED"
"""Environment variable: makes the kills fall where they fell in another run."""
KILL_DURING = (
    ("prepare", "engines"),
    ("provision",),
    ("ingest", "train"),
    ("train-unbroken", "publish", "serve", "second-version", "forged-version", "unsigned-version"),
    ("second-up", "refresh", "look", "destroy"),
)
"""One kill falls into one step of each group, in this order."""
PROVISIONED = 3
"""After so many kills all of the stack is there, and no Pulumi is at work."""
SHELL_SESSION = f"""
set -euo pipefail
eval "$({shlex.quote(sys.executable)} -m groundplan rehearse env dev --id {ID})"
pulumi preview -s dev --non-interactive --color never --expect-no-changes
kubectl get nodes --output name
aws sts get-caller-identity --query Arn --output text
"""
"""What a person types who wants a shell of the rehearsal."""
LONGEST_WAIT_S = 15
REACHED_WITHIN_S = 900
ENDED_WITHIN_S = 300

CHECKS = {
    "prepare": set(),
    "engines": set(),
    "provision": {"resources created"},
    "ingest": {"rows in the lake", "rows in quarantine", "reasons of the rows in quarantine"},
    "train": {
        "steps redone after the kill",
        "the run was really broken and resumed",
        "step at which the run resumed: its newest checkpoint",
    },
    "train-unbroken": {"SHA-256 of all final weights, broken run and unbroken run"},
    "publish": set(),
    "serve": {
        "accuracy on held-out digits",
        "answers that differ between HTTP and gRPC",
        "replicas ready",
        "the autoscaler reads a CPU figure",
    },
    "second-version": {
        "versions served by each ready pod after promote",
        "versions served by each ready pod after rollback",
    },
    "forged-version": {
        "replicas that refused it for another reason",
        "replicas that stopped serving",
        "versions served meanwhile",
    },
    "unsigned-version": {"replicas that refused it for another reason"},
    "second-up": {"changes of a second up"},
    "refresh": {"changes found by a refresh", "changes found by a second refresh"},
    "look": {"changes that the reader finds", "what the reader is refused"},
    "destroy": {"resources left in the state"},
    "inventory": {"AWS resources left after destroy", "namespaces of tenants left after destroy"},
    "stop": {
        f"{kind} left"
        for kind in ("processes", "containers", "mounts", "interfaces", "namespaces", "cgroups", "rules")
    },
}


@dataclass(frozen=True, kw_only=True)
class Played:
    """A rehearsal that was killed five times and then played to its end.

    Args:
        records: evidence by step.
        session: what a shell printed between two runs, and how it ended.
    """

    records: dict[str, dict[str, Any]]
    session: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Generator[Played]:
    """The rehearsal; it is thrown away at the end."""
    throw_away(ID)
    seed = os.environ.get(SEED) or str(random.randrange(10**6))  # noqa: S311 - any moments will do
    sys.stderr.write(f"{SEED}={seed}\n")
    moments = random.Random(seed)  # noqa: S311 - as above
    interrupted = moments.randrange(len(KILL_DURING))
    for number, steps in enumerate(KILL_DURING):
        log = tmp_path_factory.mktemp("killed") / "stderr"
        kind = signal.SIGINT if number == interrupted else signal.SIGKILL
        if number == PROVISIONED:
            session = _shell_session()
        _kill(moments.choice(steps), moments.uniform(0, LONGEST_WAIT_S), kind, log)
    done = subprocess.run(COMMAND, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, check=False)
    yield Played(records={record["name"]: record for record in json.loads(done.stdout)}, session=session)
    throw_away(ID)


@pytest.fixture(scope="module")
def records(played: Played) -> dict[str, dict[str, Any]]:
    """Its evidence by step."""
    return played.records


def _shell_session() -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "--norc", "--noprofile", "-c", SHELL_SESSION],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _kill(step: str, after_s: float, kind: signal.Signals, log: Path) -> None:
    """Play until some seconds into a step, then kill the command and what it runs in the foreground."""
    sys.stderr.write(f"{kind.name} {after_s:.1f} s into {step}\n")
    began = datetime.now(UTC)
    with (
        log.open("w") as errors,
        subprocess.Popen(
            COMMAND,
            cwd=PROJECT_ROOT,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
            # A background job of a shell, as CI may be, is started with this signal ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - nothing else
        ) as child,
    ):
        deadline = time.monotonic() + REACHED_WITHIN_S
        while not _reached(step, began):
            assert child.poll() is None, f"ended before {step}:\n{log.read_text()}"
            assert time.monotonic() < deadline, f"{step} was not reached:\n{log.read_text()}"
            time.sleep(0.1)
        time.sleep(after_s)
        os.killpg(child.pid, kind)
        child.wait(timeout=ENDED_WITHIN_S)
    if kind == signal.SIGINT:
        assert child.returncode == ExitCode.CANCELLED, log.read_text()
        assert "run the same command again" in log.read_text()
    else:
        assert child.returncode == -signal.SIGKILL, log.read_text()


def _reached(step: str, began: datetime) -> bool:
    """Whether the run that began then has come to a step."""
    found = load_records(worlds.root() / ID / "evidence")
    return any(record.name == step and record.started > began for record in found)


def test_every_step_is_played(records: dict[str, dict[str, Any]]) -> None:
    """All steps ended well, in the order of the scenario."""
    assert [(name, record["status"]) for name, record in records.items()] == [
        (step.name, "done") for step in STEPS
    ]


def test_every_check_holds(records: dict[str, dict[str, Any]]) -> None:
    """What the scenario claims is true: accuracy, resumption, no change, no drift, nothing left."""
    failed = [check for record in records.values() for check in record["checks"] if not check["passed"]]
    assert failed == []
    assert {name: {check["what"] for check in record["checks"]} for name, record in records.items()} == CHECKS


def test_every_step_tells_its_commands(records: dict[str, dict[str, Any]]) -> None:
    """Each was done by lines that a person can type, and all of them went well."""
    assert [name for name, record in records.items() if not record["commands"]] == []
    wrong = [c for record in records.values() for c in record["commands"] if c["exit_code"] != 0]
    assert [command for command in wrong if not command["line"].startswith("pulumi cancel")] == []


def test_plain_tools_work_in_a_shell_of_the_rehearsal(played: Played) -> None:
    """`eval "$(groundplan rehearse env dev)"`, and `pulumi`, `kubectl` and `aws` speak with the rehearsal."""
    printed = played.session.stdout
    assert played.session.returncode == 0, printed
    assert " unchanged" in printed
    assert "\nnode/" in printed
    assert printed.rstrip().rpartition("\n")[2].startswith(f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/")


def test_taken_down_once_more_there_is_nothing_left(played: Played) -> None:
    """`rehearse down` of what has ended says so as JSON; the report stays."""
    del played
    command = [sys.executable, "-m", "groundplan", "rehearse", "down", ID, "--json"]
    done = subprocess.run(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, check=True)
    told = json.loads(done.stdout)
    assert told["id"] == ID
    assert not any(told["left"].values())
    assert (worlds.root() / ID / "report.html").exists()


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
            done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert f"pid {os.getpid()}" in done.stderr
    finally:
        throw_away("test-twice")
