"""The command speaks to people: clear messages, Pulumi's exit codes, data on stdout alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal import rehearse as rehearsing
from groundplan.rehearsal.world import PROJECT_ROOT


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
        ("diff",),
        *(("rehearse", c) for c in ("run", "env", "list", "down")),
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
    for words in (("env", "dev", "--id", "never-made"), ("down", "never-made")):
        done = groundplan("rehearse", *words)
        assert done.returncode == ExitCode.NO_STACK
        assert "'never-made'" in done.stderr


def test_rehearsal_without_root_rights_is_exit_code_3(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says why it needs them before it touches anything."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(GroundplanError, match="root rights") as caught:
        rehearsing.require_root()
    assert caught.value.exit_code == ExitCode.AUTH


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
