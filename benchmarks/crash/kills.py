"""`pulumi up` killed at a boundary of an operation, and what it takes to come to the same end."""

from __future__ import annotations

import time
from dataclasses import dataclass

from benchmarks.crash.stack import STACK, SmallStack
from groundplan.state.check import check_stack

MAX_RUNS = 2
_SETTLE_S = 2
"""For calls that had left the provider when its caller died; AWS' own take as long."""


@dataclass(frozen=True, kw_only=True)
class KillTrial:
    """One kill.

    Args:
        boundary: after how many beginnings and ends of operations.
        pending: creations that were under way.
        adopted: of these, how many existed and were taken into the state.
        state_whole: whether the state it left was whole.
        runs: runs of Pulumi until everything was there; 0 if it never came to that.
        surplus: kinds of which the account holds more or fewer than after an unbroken run.
        unchanged: whether the preview after that expects no change.
        note: what went wrong, if anything did.
    """

    boundary: int
    pending: int
    adopted: int
    state_whole: bool
    runs: int
    surplus: dict[str, int]
    unchanged: bool
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether it converged within two runs to what an unbroken run makes."""
        return self.state_whole and 0 < self.runs <= MAX_RUNS and not self.surplus and self.unchanged


def kill_trial(stack: SmallStack, boundary: int, clean: dict[str, int], *, adopt: bool = True) -> KillTrial:
    """Kill an `up` of the empty stack, then do what the runbook says.

    Args:
        stack: empty.
        boundary: where.
        clean: what an unbroken run makes, by kind.
        adopt: False leaves out what Pulumi alone does not do, for comparison.
    """
    stack.kill_up(boundary)
    time.sleep(_SETTLE_S)
    notes = [stack.groundplan("state", "unlock", STACK)]
    verdict = check_stack(stack.location)
    before = len(stack.resources())
    runs = 0
    if adopt:
        notes.append(stack.groundplan("state", "adopt", STACK))
        runs += "pulumi refresh" in notes[-1].output
    adopted = len(stack.resources()) - before
    runs += 1
    notes.append(stack.apply("up"))
    return KillTrial(
        boundary=boundary,
        pending=len(verdict.pending),
        adopted=adopted,
        state_whole=verdict.whole,
        runs=runs if notes[-1].exit_code == 0 else 0,
        surplus=difference(stack.counts(), clean),
        unchanged=stack.unchanged(),
        note="\n".join(run.output[-600:] for run in notes if run.exit_code),
    )


def difference(found: dict[str, int], clean: dict[str, int]) -> dict[str, int]:
    """Kind -> how many more (or, below zero, fewer) there are than there should be."""
    kinds = {**found, **clean}
    surplus = {kind: found.get(kind, 0) - clean.get(kind, 0) for kind in kinds}
    return {kind: count for kind, count in surplus.items() if count}


def spread(total: int, trials: int) -> list[int]:
    """Boundaries of trials, spread over all of them; each once where there are as many."""
    return [1 + index * total // trials for index in range(trials)]
