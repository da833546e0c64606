"""Plays the scenario: in order, each finished step once, whatever interrupts it in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from groundplan.errors import GroundplanError
from groundplan.progress import Progress
from groundplan.rehearsal import processes, supervisor
from groundplan.rehearsal.engines import engines_of
from groundplan.rehearsal.scenario.record import Status, StepRecord, load_records
from groundplan.rehearsal.scenario.stage import Stage
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import Ports, World


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of the scenario.

    Args:
        name: short, unique; names its evidence.
        title: what people read.
        play: does it; notes figures and checks in the stage's record.
        repeat: play it again when an interrupted rehearsal goes on (it does nothing where nothing is to do).
        engines_run: all engines run while it is played; one that died explains its failure.
        once: what it measures begins with the steps before it, so that an interrupted run cannot go on there.
    """

    name: str
    title: str
    play: Callable[[Stage], None]
    repeat: bool = False
    engines_run: bool = True
    once: bool = False


def play(world: World, toolbox: Toolbox, steps: Sequence[Step], progress: Progress) -> list[StepRecord]:
    """Play what is not done yet and return the records of all steps.

    Raises:
        GroundplanError: a step could not be played; its record says so and the next run begins with it.
    """
    earlier = {record.name: record for record in load_records(world.evidence)}
    records = []
    for order, step in enumerate(steps):
        known = earlier.get(step.name)
        if known and known.status is Status.DONE and not step.repeat:
            progress.say(f"[green]✓[/] {step.title} [dim]done before[/]")
            records.append(known)
            continue
        records.append(_play_one(world, toolbox, step, order, known, progress))
    return records


def _play_one(
    world: World, toolbox: Toolbox, step: Step, order: int, known: StepRecord | None, progress: Progress
) -> StepRecord:
    record = StepRecord(name=step.name, title=step.title, attempt=known.attempt + 1 if known else 1)
    record.save(world.evidence, order)
    try:
        with progress.step(step.title):
            _play_watched(step, Stage(world=world, toolbox=toolbox, progress=progress, record=record))
    except BaseException as error:
        record.status = Status.FAILED
        record.error = str(error) or type(error).__name__
        raise
    else:
        record.status = Status.DONE
    finally:
        record.finished = datetime.now(UTC)
        record.save(world.evidence, order)
    for check in record.checks:
        if not check.passed:
            progress.say(f"  [red]✗[/] {check.what}: expected {check.expected}, got {check.actual}")
    return record


def _play_watched(step: Step, stage: Stage) -> None:
    """Play a step; if it fails because an engine died, say that, and not what followed from it."""
    try:
        step.play(stage)
    except GroundplanError:
        if step.engines_run:
            supervisor.check(stage.world, engines_of(stage.world))
        raise


def must_begin_anew(world: World, steps: Sequence[Step]) -> str | None:
    """Why an earlier run of this rehearsal cannot go on, or None if it can (or there is none).

    The emulator keeps the account in memory: when it is gone, whatever was provisioned is gone with it.
    A `pulumi up` that was killed may have made things that its state does not know.
    """
    records = {record.name: record for record in load_records(world.evidence)}
    if not records:
        return None
    last = records.get(steps[-1].name)
    if last and last.status is Status.DONE:
        return "the last run ended"
    if world.ports != Ports():
        return "its engines listen on the ports of another version"
    engines = records.get("engines")
    if engines and engines.status is Status.DONE:
        if processes.pid(world, "emulator") != engines.figures.get("emulator_pid"):
            return "the emulator's account was lost with its process"
        provision = records.get("provision")
        if provision and provision.status is not Status.DONE:
            return "an interrupted `pulumi up` cannot tell what it had made"
    return "what it measured cannot be gone on with" if _half_measured(records, steps) else None


def _half_measured(records: Mapping[str, StepRecord], steps: Sequence[Step]) -> bool:
    """Whether some, but not all, of what is to be played in one go has been played."""
    wanted = [step.name for step in steps if step.once]
    done = [name for name in wanted if name in records and records[name].status is Status.DONE]
    return done != wanted and any(name in records for name in wanted)


def first_error(records: Sequence[StepRecord]) -> GroundplanError | None:
    """An error that names the checks that did not hold, or None if all did."""
    failed = [check for record in records for check in record.checks if not check.passed]
    if not failed:
        return None
    lines = [f"{check.what}: expected {check.expected}, got {check.actual}" for check in failed]
    return GroundplanError(f"{len(failed)} checks of the rehearsal did not hold.", log="\n".join(lines))
