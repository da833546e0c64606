"""Crash safety on the real engine, each once; `benchmarks/crash_safety.py` does more, and often."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from benchmarks.crash import adversity, damage, locking
from benchmarks.crash.stack import SmallStack, small_stack
from groundplan.rehearsal.world import World

pytestmark = pytest.mark.rehearsal

_MANY = 10_000


@pytest.fixture(scope="module")
def stack(account: World) -> Generator[SmallStack]:
    """The small stack, empty."""
    with small_stack(account) as made:
        yield made


@pytest.fixture(scope="module")
def clean(stack: SmallStack) -> dict[str, int]:
    """What an unbroken `up` makes. It is there afterwards."""
    assert stack.kill_up(_MANY) > 50
    return stack.counts()


def test_every_drifted_resource_is_reported(stack: SmallStack, clean: dict[str, int]) -> None:
    """Ten changes behind Pulumi's back, and nothing else."""
    assert clean
    changed, reported = adversity.drift_report(stack)
    assert reported == changed
    assert stack.apply("refresh").exit_code == 0
    assert stack.apply("up").exit_code == 0


@pytest.mark.parametrize("name", damage.DAMAGES)
def test_damage_is_found_without_a_call_and_undone(
    stack: SmallStack, clean: dict[str, int], name: str
) -> None:
    """Whatever the engine itself would take for whole."""
    assert clean
    trial = damage.damage_trial(stack, name, seed=3)
    assert trial.passed, trial


def test_one_of_two_proceeds(stack: SmallStack, clean: dict[str, int]) -> None:
    """The loser names the owner, and does not wait for it."""
    assert clean
    trial = locking.two_at_once(stack)
    assert trial.passed, trial


def test_a_lock_goes_with_its_owner(stack: SmallStack, clean: dict[str, int]) -> None:
    """Not before."""
    assert clean
    trial = locking.stale_lock(stack)
    assert trial.passed, trial


def test_credentials_that_expire_lose_nothing(stack: SmallStack, clean: dict[str, int]) -> None:
    """What was created and not finished is in the state, and the next `up` finishes it."""
    assert stack.apply("destroy").exit_code == 0
    trial = adversity.expiry_trial(stack, 20, clean)
    assert trial.passed, trial
