"""What the events of a training run say about its resumption."""

from __future__ import annotations

from typing import Any

from groundplan.rehearsal.scenario.steps.training import resumption, steps_redone


def _event(name: str, step: int, attempt: int) -> dict[str, Any]:
    return {"event": name, "step": step, "attempt": attempt}


def test_newest_checkpoint_before_the_resumption() -> None:
    """Later checkpoints, of the resumed attempt, do not count."""
    events = [
        _event("start", 0, 0),
        _event("checkpoint", 10, 0),
        _event("checkpoint", 20, 0),
        _event("step", 25, 0),
        _event("resume", 20, 1),
        _event("checkpoint", 30, 1),
    ]
    assert resumption(events) == (20, 20)
    events[4]["step"] = 10
    assert resumption(events) == (20, 10)


def test_a_run_that_was_not_broken() -> None:
    """There is nothing to compare."""
    assert resumption([_event("start", 0, 0), _event("checkpoint", 10, 0)]) == (None, None)


def test_each_interruption_may_cost_an_interval() -> None:
    """A run that is interrupted twice, on a busy machine, has redone 29 steps and then 50, not 79 at once."""
    first = [{"attempt": 0, "step": step} for step in range(1, 130)]
    second = [{"attempt": 1, "step": step} for step in range(101, 151)]
    third = [{"attempt": 2, "step": step} for step in range(101, 201)]
    assert steps_redone(first) == 0
    assert steps_redone([*first, *second]) == 29
    assert steps_redone([*first, *second, *third]) == 50
