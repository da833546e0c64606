"""The steps of the scenario, in order."""

from __future__ import annotations

from groundplan.rehearsal.scenario.player import Step
from groundplan.rehearsal.scenario.steps import (
    engines,
    ingest,
    platform,
    reading,
    serving,
    teardown,
    training,
)
from groundplan.rehearsal.world import Scope

STEPS: tuple[Step, ...] = (
    Step(name="prepare", title="Get tools and images", play=engines.prepare, repeat=True, engines_run=False),
    Step(name="engines", title="Start the engines", play=engines.start, repeat=True, engines_run=False),
    Step(name="provision", title="pulumi up", play=platform.provision),
    Step(name="ingest", title="Ingest digits, quarantine bad rows", play=ingest.play),
    Step(name="train", title="Train on two pods, one is killed", play=training.train_with_kill),
    Step(name="train-unbroken", title="Train again, unbroken, and compare", play=training.train_unbroken),
    Step(name="publish", title="Point `live` at version 1", play=serving.publish_first),
    Step(name="serve", title="Ask Triton, from outside, over HTTP and gRPC", play=serving.serve),
    Step(name="second-version", title="Publish a second version, roll back", play=serving.second_version),
    Step(name="forged-version", title="Refuse a forged version", play=serving.forged_version),
    Step(name="unsigned-version", title="Refuse what is unsigned, sign it", play=serving.unsigned_version),
    Step(name="second-up", title="pulumi up again: no change", play=platform.second_up),
    Step(name="refresh", title="pulumi refresh: no drift", play=platform.refresh),
    Step(name="look", title="Preview and look for drift with no right to write", play=reading.look),
    Step(name="destroy", title="pulumi destroy", play=platform.destroy),
    Step(name="inventory", title="Inventory of the account", play=teardown.inventory),
    Step(name="stop", title="Stop the engines, look for left-overs", play=teardown.stop, engines_run=False),
)

_WORKLOAD = frozenset(
    {"ingest", "train", "train-unbroken", "publish", "serve"}
    | {"second-version", "forged-version", "unsigned-version"}
)
"""Steps that need pods."""


def steps_of(scope: Scope) -> tuple[Step, ...]:
    """The steps of a rehearsal: all, or those that the AWS half of the stack has."""
    return STEPS if scope == "all" else tuple(step for step in STEPS if step.name not in _WORKLOAD)
