"""Two `up` at once: one proceeds, the other names it and stops. A dead one's lock goes."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass

from benchmarks.crash.stack import STACK, SmallStack, signal_tree
from groundplan.state.check import check_stack
from groundplan.state.locks import locks_of

MAX_LOSER_S = 5
"""What the loser may take, where it is measured. A test does not ask: its machine may be busy."""
_POLL_S = 0.02
_LOCK_TIMEOUT_S = 60


@dataclass(frozen=True, kw_only=True)
class LockTrial:
    """Two at once.

    Args:
        proceeded: how many of the two ended well.
        named: whether every loser named the owner's process.
        stopped_first: whether every loser had ended before the one that proceeded.
        loser_s: how long the slowest loser took.
        state_whole: whether the state was whole afterwards.
    """

    proceeded: int
    named: bool
    stopped_first: bool
    loser_s: float
    state_whole: bool

    @property
    def passed(self) -> bool:
        """Exactly one proceeds; the other does not wait for it, and names who holds the lock."""
        return self.proceeded == 1 and self.named and self.stopped_first and self.state_whole


def two_at_once(stack: SmallStack) -> LockTrial:
    """Start an `up`, and another one as soon as the first holds the lock.

    Not in the same moment: Pulumi writes its lock, looks for others then, and withdraws its own if there is
    one. So both may stop, and who reads a lock that was just withdrawn names nobody.
    """
    running = [stack.begin("up", "--yes", "--skip-preview")]
    _await_lock(stack)
    began = time.monotonic()
    running.append(stack.begin("up", "--yes", "--skip-preview"))
    ended: dict[int, float] = {}
    while len(ended) < len(running):
        for child in running:
            if child.pid not in ended and child.poll() is not None:
                ended[child.pid] = time.monotonic() - began
        time.sleep(_POLL_S)
    outputs = {child.pid: child.stdout.read() if child.stdout else "" for child in running}
    losers = [child for child in running if child.returncode != 0]
    loser_s = max((ended[child.pid] for child in losers), default=0.0)
    return LockTrial(
        proceeded=len(running) - len(losers),
        named=all(
            any(f"(pid {other.pid})" in outputs[child.pid] for other in running if other is not child)
            for child in losers
        ),
        stopped_first=loser_s < max(ended.values()),
        loser_s=round(loser_s, 2),
        state_whole=check_stack(stack.location).whole,
    )


def _await_lock(stack: SmallStack) -> None:
    deadline = time.monotonic() + _LOCK_TIMEOUT_S
    while not locks_of(stack.location) and time.monotonic() < deadline:
        time.sleep(_POLL_S)


@dataclass(frozen=True, kw_only=True)
class StaleTrial:
    """A lock whose owner was killed.

    Args:
        kept_while_alive: whether `state unlock` refused, and named the owner, while it lived.
        cleared_when_dead: whether it went after the owner's death.
        state_whole: whether the state is whole.
        next_up: whether the next `up` went through.
    """

    kept_while_alive: bool
    cleared_when_dead: bool
    state_whole: bool
    next_up: bool

    @property
    def passed(self) -> bool:
        """All of them."""
        return self.kept_while_alive and self.cleared_when_dead and self.state_whole and self.next_up


def stale_lock(stack: SmallStack) -> StaleTrial:
    """Stop an `up` in its tracks, ask for its lock, kill it, ask again."""
    owner = stack.begin("up", "--yes", "--skip-preview")
    _await_lock(stack)
    signal_tree(owner.pid, signal.SIGSTOP)
    refused = stack.groundplan("state", "unlock", STACK)
    kept = bool(locks_of(stack.location))
    signal_tree(owner.pid, signal.SIGKILL)
    owner.wait()
    cleared = stack.groundplan("state", "unlock", STACK)
    return StaleTrial(
        kept_while_alive=kept and refused.exit_code == 1 and f"(pid {owner.pid})" in refused.output,
        cleared_when_dead=cleared.exit_code == 0 and not locks_of(stack.location),
        state_whole=check_stack(stack.location).whole,
        next_up=stack.apply("up").exit_code == 0,
    )
