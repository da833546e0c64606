"""The command speaks to people: clear messages, Pulumi's exit codes, data on stdout alone."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from groundplan import cli, settings
from groundplan.errors import ExitCode, GroundplanError
from groundplan.progress import Progress
from groundplan.rehearsal import rehearse as rehearsing
from groundplan.rehearsal import worlds
from groundplan.rehearsal.recovery import drill
from groundplan.rehearsal.recovery.losses import LakeLoss, against
from groundplan.rehearsal.scenario.player import Step
from groundplan.rehearsal.scenario.stage import Stage
from groundplan.rehearsal.world import PROJECT_ROOT
from infra.settings.recovery import RecoveryTargets


def groundplan(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does."""
    return subprocess.run(
        [sys.executable, "-m", "groundplan", *arguments],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_exit_codes_are_those_of_pulumi() -> None:
    """The numbers are an interface: Pulumi's table since 3.226."""
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0,
        "GENERIC": 1,
        "CONFIG": 2,
        "AUTH": 3,
        "DEPLOYMENT": 4,
        "POLICY": 5,
        "NO_STACK": 6,
        "UNEXPECTED_CHANGES": 7,
        "CANCELLED": 8,
        "TIMEOUT": 9,
    }


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("doctor",),
        ("check",),
        ("plan",),
        *(("rehearse", name) for name in ("run", "env", "list", "inventory", "faults", "down")),
        ("audit",),
        ("diff",),
        *(("state", name) for name in ("check", "restore", "unlock", "adopt")),
    ],
)
def test_help_has_an_example(command: tuple[str, ...]) -> None:
    """`--help` explains each command and shows how it is typed."""
    done = groundplan(*command, "--help")
    assert done.returncode == 0
    assert "groundplan" in done.stdout.split("Usage:", 1)[1].split("\n", 1)[1] or not command


def test_check_prints_settings_as_json() -> None:
    """`--json` is one document on stdout, and nothing else is there."""
    done = groundplan("check", "dev", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["platform"]["environment"] == "dev"


def test_unknown_stack_is_exit_code_6() -> None:
    """The message names the file and those that exist."""
    done = groundplan("check", "nowhere")
    assert done.returncode == ExitCode.NO_STACK
    assert "stacks/Pulumi.nowhere.yaml" in done.stderr
    assert "Pulumi.dev.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def test_unknown_step_is_exit_code_2() -> None:
    """The message lists the steps that there are, and nothing is started."""
    done = groundplan("rehearse", "run", "dev", "--id", "never-made", "--until", "lunch")
    assert done.returncode == ExitCode.CONFIG
    assert "'lunch'" in done.stderr
    assert "second-version" in done.stderr
    assert not (PROJECT_ROOT / "rehearsals" / "never-made").exists()


def test_unknown_rehearsal_is_exit_code_6() -> None:
    """Shell and tear-down of a rehearsal that does not exist say which there are."""
    for words in (("env", "dev", "--id", "never-made"), ("inventory", "never-made"), ("down", "never-made")):
        done = groundplan("rehearse", *words)
        assert done.returncode == ExitCode.NO_STACK
        assert "'never-made'" in done.stderr


def test_rehearsal_without_root_rights_is_exit_code_3(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says why it needs them before it touches anything."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(GroundplanError, match="root rights") as caught:
        rehearsing.rehearse("dev", "never-made", Progress(Console(file=io.StringIO())))
    assert caught.value.exit_code == ExitCode.AUTH
    assert not (PROJECT_ROOT / "rehearsals" / "never-made").exists()


def test_wrong_stack_file_is_exit_code_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file, the key and what is allowed are named; no rehearsal is made of it."""
    stack = yaml.safe_load((PROJECT_ROOT / "stacks" / "Pulumi.dev.yaml").read_text())
    stack["config"]["groundplan:platform"]["protect_date"] = True
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.dev.yaml").write_text(yaml.safe_dump(stack))
    monkeypatch.setattr(settings, "PROJECT_ROOT", tmp_path)
    monkeypatch.setattr(worlds, "root", lambda: tmp_path / "rehearsals")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(GroundplanError, match=r"Pulumi\.dev\.yaml cannot be used") as caught:
        rehearsing.rehearse("dev", "never-made", Progress(Console(file=io.StringIO())))
    assert caught.value.exit_code == ExitCode.CONFIG
    assert "protect_date" in (caught.value.log or "")
    assert not (tmp_path / "rehearsals").exists()


@pytest.fixture
def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scenario of two steps, the second of which raises; it needs no engines and no root rights."""

    def serve(stage: Stage) -> None:
        stage.record.figures |= {"accuracy_http": 0.975, "p50_http_ms": 2.25, "p99_grpc_ms": 9.5}
        stage.record.figures |= {"requests_per_s_grpc": 321.4}

    def destroy(stage: Stage) -> None:
        raise GroundplanError(f"{stage.record.name} broke", exit_code=ExitCode.DEPLOYMENT)

    steps = tuple(
        Step(name=play.__name__, title=f"Step {play.__name__}", play=play, engines_run=False)
        for play in (serve, destroy)
    )
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(rehearsing, "steps_of", lambda _: steps)
    monkeypatch.setattr(worlds, "root", lambda: tmp_path)
    return tmp_path / "failing"


def _in_this_process(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the command where patches hold; returns its exit code."""
    monkeypatch.setattr(sys, "argv", ["groundplan", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert isinstance(end.value.code, int)
    return end.value.code


def test_a_failed_step_still_shows_table_figures_and_report(
    failing: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was played, what was measured, where the report lies; then the error, once."""
    words = ("rehearse", "run", "dev", "--id", failing.name)
    assert _in_this_process(*words, monkeypatch=monkeypatch) == ExitCode.DEPLOYMENT
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = [" ".join(line.split()) for line in shown.err.splitlines()]
    assert "Step serve 0 0/0 ✓" in lines
    assert "Step destroy 0 0/0 ✗ failed" in lines
    assert {"accuracy, served over HTTP 0.975", "P50 over HTTP 2.2 ms"} <= set(lines)
    assert {"P99 over gRPC 9.5 ms", "requests/s over gRPC 321"} <= set(lines)
    assert f"Report: {failing / 'report.html'}" in lines
    assert (failing / "report.html").exists()
    assert shown.err.count("destroy broke") == 1


def test_a_failed_step_still_prints_its_json(
    failing: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One document on stdout, with the failure in it."""
    words = ("rehearse", "run", "dev", "--id", failing.name, "--json")
    assert _in_this_process(*words, monkeypatch=monkeypatch) == ExitCode.DEPLOYMENT
    records = json.loads(capsys.readouterr().out)
    assert [(r["name"], r["status"], r["error"]) for r in records] == [
        ("serve", "done", None),
        ("destroy", "failed", "destroy broke"),
    ]


def test_a_drill_needs_a_second_region(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Said before anything is started, and with the key that is missing."""
    assert _in_this_process("rehearse", "recovery", "dev", monkeypatch=monkeypatch) == ExitCode.CONFIG
    assert "groundplan:platform.recovery is missing" in capsys.readouterr().err


@pytest.fixture
def drilled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A drill that has measured: the lake lost too much."""
    targets = RecoveryTargets(recovery_minutes=60, lake_loss_minutes=15, database_loss_minutes=1980)
    lake = LakeLoss(objects=3, written=80, seconds=1200)

    def measure(stage: Stage) -> None:
        held = against(targets, recovery_s=300, lake=lake, database_s=60)
        stage.record.figures |= {"targets": [each.as_json() for each in held], "lake": asdict(lake)}
        for each in held:
            stage.record.check(each.what, expected="", actual="", passed=each.met)

    steps = (Step(name="measure", title="Measure", play=measure, engines_run=False),)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(drill, "steps", lambda _: steps)
    monkeypatch.setattr(worlds, "root", lambda: tmp_path)
    return tmp_path / "drilled"


def test_a_missed_target_is_exit_code_4(
    drilled: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table says which, by how much, and what the measurement does not say."""
    words = ("rehearse", "recovery", "prod", "--id", drilled.name)
    assert _in_this_process(*words, monkeypatch=monkeypatch) == ExitCode.DEPLOYMENT
    shown = [" ".join(line.split()) for line in capsys.readouterr().err.splitlines()]
    assert any(line.startswith("data loss of the lake 15 min 20 min 15 min ✗") for line in shown), shown
    assert any(line.startswith("recovery time 60 min 5 min - ✓") for line in shown), shown
    assert "3 of 80 objects lost." in shown


def test_a_drill_prints_its_json(
    drilled: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Targets and measurements, apart from what was assumed."""
    words = ("rehearse", "recovery", "prod", "--id", drilled.name, "--json")
    assert _in_this_process(*words, monkeypatch=monkeypatch) == ExitCode.DEPLOYMENT
    document = json.loads(capsys.readouterr().out)
    assert [(each["what"], each["met"]) for each in document["targets"]] == [
        ("recovery time", True),
        ("data loss of the lake", False),
        ("data loss of the database", True),
    ]
    assert document["lake"] == {"objects": 3, "written": 80, "seconds": 1200}


def test_interrupt_is_exit_code_8(tmp_path: Path) -> None:
    """Ctrl-C ends with a sentence, not with a traceback."""
    script = tmp_path / "slow.py"
    script.write_text(
        "import time\n"
        "from groundplan import cli\n"
        "@cli.app.command()\n"
        "def slow() -> None:\n"
        "    print('begun', flush=True)\n"
        "    time.sleep(60)\n"
        "cli.main()\n"
    )
    with subprocess.Popen(
        [sys.executable, str(script), "slow"],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A background job of a shell, as CI may be, is started with this signal ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - nothing else in it
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == "begun\n"
        began = time.monotonic()
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=30)
    assert child.returncode == ExitCode.CANCELLED
    assert "run the same command again" in errors
    assert "Traceback" not in errors
    assert time.monotonic() - began < 30
