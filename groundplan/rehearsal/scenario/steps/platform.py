"""The Pulumi program, run as a person would: up, up again, refresh, destroy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psutil
import yaml

from groundplan.rehearsal import stack
from groundplan.rehearsal.pulumi_events import Tally
from groundplan.rehearsal.scenario.stage import Stage
from groundplan.rehearsal.world import PROJECT_ROOT
from groundplan.settings import load_stack

COMPONENTS = "groundplan:"
"""Type tokens of our own components begin with this."""


def provision(stage: Stage) -> None:
    """Bring the whole stack up from nothing."""
    result = _run(stage, "up")
    seconds = {run.urn: run.seconds for run in result.resources}
    resources = _resources(stage, seconds)
    stage.record.figures |= {"created": len(resources), "resources": resources}
    stage.record.check("resources created", expected="> 0", actual=len(resources), passed=len(resources) > 0)


def second_up(stage: Stage) -> None:
    """Nothing that people or controllers did in between is a change of the program."""
    expect_no_change(stage, "changes of a second up", _run(stage, "up"))


def refresh(stage: Stage) -> None:
    """What is there is what the state says, also after a refresh has written there what it read."""
    found = 0
    for which in ("a", "a second"):
        result = _run(stage, "refresh")
        expect_no_change(stage, f"changes found by {which} refresh", result)
        found += result.changed
    stage.record.figures["changes"] = found


def destroy(stage: Stage) -> None:
    """Take all of it down; where data is protected, by the runbook: first say that it no longer is."""
    if load_stack(stage.world.environment).settings.platform.protect_data:
        lifted = _run(stage, "up", _unprotected(stage))
        replaced = sum(count for kind, count in lifted.changes.items() if kind not in {"same", "update"})
        stage.record.check("resources replaced when protection is lifted", expected=0, actual=replaced)
    result = _run(stage, "destroy")
    left = [r for r in _state(stage) if r["type"] != "pulumi:pulumi:Stack"]
    stage.record.figures["deleted"] = result.changes.get("delete", 0)
    stage.record.check("resources left in the state", expected=0, actual=len(left))


def _unprotected(stage: Stage) -> Path:
    """The stack's settings, with the one difference that the runbook of a tear-down asks for."""
    document = yaml.safe_load((PROJECT_ROOT / load_stack(stage.world.environment).path).read_text())
    document["config"]["groundplan:platform"]["protect_data"] = False
    file = stage.world.data / f"unprotected-{stage.world.environment}.yaml"
    file.write_text(yaml.safe_dump(document))
    return file


def take_over(stage: Stage) -> None:
    """End a Pulumi that an interrupted run of this step left at work, and release the stack that it holds."""
    if stage.record.attempt == 1:
        return
    home = str(stage.world.engine_data("pulumi"))
    orphans = [p for p in psutil.process_iter(["exe"]) if (p.info["exe"] or "").startswith(home)]
    for orphan in orphans:
        orphan.terminate()
    _, stubborn = psutil.wait_procs(orphans, timeout=20)
    for orphan in stubborn:
        orphan.kill()
    stage.run(f"pulumi cancel --yes --stack {stage.world.environment}", check=False)


def expect_no_change(stage: Stage, what: str, result: stack.StackResult) -> None:
    """Check that an operation changed nothing; else the evidence names what it changed."""
    stage.record.check(
        what, expected=0, actual="; ".join(result.differences) or result.changed, passed=result.changed == 0
    )


def _run(stage: Stage, operation: stack.Operation, stack_file: Path | None = None) -> stack.StackResult:
    def show(tally: Tally) -> None:
        stage.progress.note(f"{tally.done} resources done, {tally.begun - tally.done} at work")

    take_over(stage)
    result = stack.run(stage.world, operation, show, stack_file)
    stage.record.ran(result.command, exit_code=result.exit_code, seconds=result.seconds)
    stage.record.figures |= {
        "seconds": result.seconds,
        "by_operation": dict(result.changes),
        "changes": result.changed,
    }
    return result


def _resources(stage: Stage, seconds: dict[str, float]) -> list[dict[str, Any]]:
    """What the report shows of each resource; components are named by the last part of their type."""
    state = {resource["urn"]: resource for resource in _state(stage)}
    return [
        {
            "urn": urn,
            "type": resource["type"],
            "name": urn.rsplit("::", 1)[1],
            "component": _component(resource, state),
            "dependencies": resource.get("dependencies", []),
            "seconds": seconds.get(urn),
        }
        for urn, resource in state.items()
        if not resource["type"].startswith(("pulumi:", COMPONENTS))
    ]


def _component(resource: dict[str, Any], state: dict[str, dict[str, Any]]) -> str:
    parent = state.get(resource.get("parent", ""))
    while parent is not None and not parent["type"].startswith(COMPONENTS):
        parent = state.get(parent.get("parent", ""))
    return parent["type"].rsplit(":", 1)[1] if parent else "Stack"


def _state(stage: Stage) -> list[dict[str, Any]]:
    exported = stage.run(f"pulumi stack export --stack {stage.world.environment}", quiet=True)
    return json.loads(exported)["deployment"].get("resources", [])
