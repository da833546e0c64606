"""The scenario is played in order, finished steps once, and evidence survives interruptions."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from groundplan.errors import GroundplanError
from groundplan.progress import Progress
from groundplan.rehearsal.scenario.player import Step, first_error, must_begin_anew, play
from groundplan.rehearsal.scenario.record import Status, StepRecord, load_records
from groundplan.rehearsal.scenario.stage import Stage
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import Ports, World


class Script:
    """Steps that note when they are played and fail on demand."""

    def __init__(self, folder: Path) -> None:
        self.played: list[str] = []
        self.failing: set[str] = set()
        self.world = World(id="script", environment="dev", region="eu-west-1", slot=0, folder=folder)
        self.steps: tuple[Step, ...] = (
            self.step("engines", repeat=True),
            self.step("provision"),
            self.step("stop"),
        )

    def step(self, name: str, *, repeat: bool = False) -> Step:
        """Make a step that notes that it was played."""

        def action(stage: Stage) -> None:
            self.played.append(name)
            stage.record.check(f"{name} holds", expected=1, actual=1)
            if name == "engines":
                stage.record.figures["emulator_pid"] = None
            if name in self.failing:
                raise GroundplanError(f"{name} broke")

        return Step(name=name, title=name, play=action, repeat=repeat, engines_run=False)

    def run(self) -> list[str]:
        """Play the steps and return the names of those that were really played."""
        self.played.clear()
        toolbox = Toolbox(self.world.folder / "cache", lambda _: None)
        play(self.world, toolbox, self.steps, Progress(Console(file=io.StringIO())))
        return self.played


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """A short scenario."""
    return Script(tmp_path)


def test_finished_steps_are_not_played_again(script: Script) -> None:
    """After a failure the next run begins with the step that failed; repeated steps are always played."""
    script.failing = {"provision"}
    with pytest.raises(GroundplanError, match="provision broke"):
        script.run()
    script.failing.clear()
    assert script.run() == ["engines", "provision", "stop"]
    assert script.run() == ["engines"]


def test_a_failed_step_leaves_its_reason(script: Script) -> None:
    """The record of a step that failed says why, and counts its attempts."""
    script.failing = {"provision"}
    for _ in range(2):
        with pytest.raises(GroundplanError):
            script.run()
    record = next(r for r in load_records(script.world.evidence) if r.name == "provision")
    assert (record.status, record.error, record.attempt) == (Status.FAILED, "provision broke", 2)


def test_an_interrupted_up_begins_anew(script: Script) -> None:
    """A `pulumi up` that did not end cannot be continued."""
    script.failing = {"provision"}
    with pytest.raises(GroundplanError):
        script.run()
    assert (
        must_begin_anew(script.world, script.steps)
        == "an interrupted `pulumi up` cannot tell what it had made"
    )


def test_an_ended_run_begins_anew(script: Script) -> None:
    """The run after a complete one starts from nothing."""
    assert must_begin_anew(script.world, script.steps) is None
    script.run()
    assert must_begin_anew(script.world, script.steps) == "the last run ended"


def test_what_was_measured_in_part_begins_anew(script: Script) -> None:
    """A drill goes on before and after what it measures, not in the midst of it."""
    measured = [replace(script.step(name), once=True) for name in ("lose", "measure")]
    script.steps = (*script.steps[:2], *measured, script.steps[2])
    script.failing = {"lose"}
    for failing, reason in (
        ("lose", "what it measured cannot be gone on with"),
        ("measure", "what it measured cannot be gone on with"),
        ("stop", None),
    ):
        script.failing = {failing}
        with pytest.raises(GroundplanError):
            script.run()
        assert must_begin_anew(script.world, script.steps) == reason


def test_ports_of_another_version_begin_anew(script: Script) -> None:
    """A rehearsal whose engines listen elsewhere cannot go on under the policies of today."""
    script.failing = {"engines"}
    with pytest.raises(GroundplanError):
        script.run()
    assert must_begin_anew(script.world, script.steps) is None
    elsewhere = replace(script.world, ports=Ports(emulator=4566))
    assert must_begin_anew(elsewhere, script.steps) == "its engines listen on the ports of another version"


def test_a_check_that_fails_is_an_error_at_the_end(script: Script) -> None:
    """A figure that misses its mark does not stop the scenario, but the run as a whole fails."""
    script.run()
    records = load_records(script.world.evidence)
    assert first_error(records) is None
    records[0].check("changes of a second up", expected=0, actual=3)
    error = first_error(records)
    assert error is not None
    assert "changes of a second up: expected 0, got 3" in str(error)


def test_an_engine_that_died_explains_the_failure(script: Script) -> None:
    """What is reported is the engine, not what failed because of it."""
    broken = replace(script.step("provision"), engines_run=True)
    script.failing = {"provision"}
    script.steps = (broken,)
    with pytest.raises(GroundplanError, match="engine"):
        script.run()


def test_what_a_step_does_itself_is_noted_as_a_command(script: Script) -> None:
    """The line that a person would type, whether it went well or not."""
    record = StepRecord(name="inventory", title="Inventory")
    toolbox = Toolbox(script.world.folder / "cache", lambda _: None)
    stage = Stage(world=script.world, toolbox=toolbox, progress=Progress(), record=record)
    with stage.noted("groundplan rehearse inventory script"):
        pass
    with pytest.raises(GroundplanError), stage.noted("groundplan rehearse down script"):
        raise GroundplanError("no")
    assert [(command.line, command.exit_code) for command in record.commands] == [
        ("groundplan rehearse inventory script", 0),
        ("groundplan rehearse down script", 1),
    ]
