"""Play a rehearsal from the command's side: checks first, then the world, the scenario and the report."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from groundplan.errors import ExitCode, GroundplanError
from groundplan.progress import Progress
from groundplan.rehearsal import deployer_policy, leftovers, supervisor, worlds
from groundplan.rehearsal.deployer_policy import Document
from groundplan.rehearsal.engines import engines_of
from groundplan.rehearsal.report import write_report
from groundplan.rehearsal.report.facts import collect
from groundplan.rehearsal.scenario.player import Step, must_begin_anew, play
from groundplan.rehearsal.scenario.record import StepRecord, load_records
from groundplan.rehearsal.scenario.steps import steps_of
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import Scope, World, cache_folder
from groundplan.settings import load_stack


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a rehearsal came to.

    Attributes:
        world: its world (stopped, when the last step was played).
        records: evidence of each step played so far.
        headline: the figures that people look for first, label -> text; only those that were measured.
        report: the HTML page.
    """

    world: World
    records: list[StepRecord]
    headline: dict[str, str]
    report: Path


def rehearse(
    environment: str,
    rehearsal_id: str,
    progress: Progress,
    until: str | None = None,
    scope: Scope = "all",
    *,
    policies: Sequence[Document] = (),
    show: Callable[[Outcome], None] = lambda _: None,
    scenario: Sequence[Step] | None = None,
) -> Outcome:
    """Play the scenario for one environment, from where an interrupted run of it stopped.

    Args:
        environment: the stack.
        rehearsal_id: name of the rehearsal; its folder is `rehearsals/<id>`.
        progress: what people see.
        until: name of the last step to play; all if None.
        scope: `aws` for the AWS half of the stack alone, which needs no cluster.
        policies: all that the deployer may do; none leaves the account to it.
        show: given what the rehearsal came to; also when a step failed or Ctrl-C came, before the error.
        scenario: other steps than those of the scenario of all that the platform does.

    Raises:
        GroundplanError: no root rights, a wrong stack file, an engine or a step that failed.
    """
    require_root()
    all_steps = tuple(scenario or steps_of(scope))
    steps = _steps_until(all_steps, until)
    region = load_stack(environment).settings.region
    world = worlds.create(rehearsal_id, environment, region, scope)
    with worlds.lock(world):
        reason = must_begin_anew(world, all_steps)
        if load_records(world.evidence) and deployer_policy.given(world) != list(policies):
            reason = reason or "the deployer is held to other policies"
        if reason:
            progress.say(f"Beginning anew: {reason}.")
            world = _fresh(world)
        deployer_policy.give(world, policies)
        toolbox = Toolbox(cache_folder(), progress.note)
        try:
            play(world, toolbox, steps, progress)
        finally:
            outcome = _outcome(world)
            show(outcome)
        return outcome


def take_down(rehearsal_id: str, progress: Progress) -> leftovers.Leftovers:
    """Stop a rehearsal's engines and remove what it left on the machine; evidence and report stay.

    Returns:
        what could not be removed.

    Raises:
        GroundplanError: no root rights, or nothing of such a rehearsal is known or left.
    """
    require_root()
    known = rehearsal_id in {world.id for world in worlds.list()}
    if not known and not leftovers.find(rehearsal_id):
        worlds.load(rehearsal_id)  # says which there are
    with progress.step(f"Taking down rehearsal {rehearsal_id}"):
        if known:
            world = worlds.load(rehearsal_id)
            with worlds.lock(world):
                _remove(world)
        else:
            leftovers.remove(rehearsal_id)
    return leftovers.find(rehearsal_id)


def require_root() -> None:
    """Containers, namespaces and mounts need root.

    Raises:
        GroundplanError: the user is not root.
    """
    if os.geteuid() != 0:
        raise GroundplanError(
            "A rehearsal starts containers and network namespaces, which needs root rights.",
            hint="Run it as root (for example: sudo make rehearse).",
            exit_code=ExitCode.AUTH,
        )


def _outcome(world: World) -> Outcome:
    facts = collect(world)
    report = write_report(world)
    return Outcome(world=world, records=facts.records, headline=facts.headline, report=report)


def _steps_until(steps: tuple[Step, ...], until: str | None) -> tuple[Step, ...]:
    if until is None:
        return steps
    names = [step.name for step in steps]
    if until not in names:
        raise GroundplanError(
            f"--until: there is no step {until!r}.",
            hint=f"Steps: {', '.join(names)}.",
            exit_code=ExitCode.CONFIG,
        )
    return steps[: names.index(until) + 1]


def _fresh(world: World) -> World:
    _remove(world)
    for folder in (world.evidence, world.logs):
        shutil.rmtree(folder, ignore_errors=True)
    (world.folder / "world.json").unlink()  # its ports may be those of another version
    return worlds.create(world.id, world.environment, world.region, world.scope)


def _remove(world: World) -> None:
    supervisor.stop(world, engines_of(world))
    leftovers.remove(world.id)
    for folder in (world.data, world.pki, world.bin):
        shutil.rmtree(folder, ignore_errors=True)
