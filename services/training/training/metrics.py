"""What happened at each step, as JSON lines in object storage, so that a report can draw the whole run."""

from __future__ import annotations

import json
import time
from typing import Any

from groundplan_common.storage import ObjectStore

FLUSH_INTERVAL_S = 1.0


class MetricsLog:
    """Writes lines, in bundles, as numbered objects below `metrics/attempt-<n>/`: objects cannot grow.

    Args:
        run: the store of the run.
        attempt: counts how often the run was started, from 0.
        world_size: recorded in each line.
    """

    def __init__(self, run: ObjectStore, *, attempt: int, world_size: int) -> None:
        self._store = run
        self._common = {"attempt": attempt, "world_size": world_size}
        self._folder = f"metrics/attempt-{attempt:04d}"
        self._lines: list[str] = []
        self._written = 0
        self._last_flush = time.monotonic()

    def step(self, *, step: int, epoch: int, loss: float, seconds: float) -> None:
        """Record one finished step; written within about a second."""
        self._add({"event": "step", "step": step, "epoch": epoch, "loss": loss, "seconds": seconds})
        if time.monotonic() - self._last_flush >= FLUSH_INTERVAL_S:
            self.flush()

    def event(self, name: str, **facts: Any) -> None:
        """Record something that happens seldom; written at once."""
        self._add({"event": name, **facts})
        self.flush()

    def flush(self) -> None:
        """Write what was recorded since the last time."""
        if not self._lines:
            return
        self._store.put(f"{self._folder}/{self._written:06d}.jsonl", "".join(self._lines).encode())
        self._written += 1
        self._lines.clear()
        self._last_flush = time.monotonic()

    def _add(self, facts: dict[str, Any]) -> None:
        self._lines.append(json.dumps({"time": time.time(), **self._common, **facts}) + "\n")


def next_attempt(run: ObjectStore) -> int:
    """Return the number of the attempt that begins now."""
    names = run.folders("metrics/")
    return 1 + max((int(name.removeprefix("attempt-")) for name in names), default=-1)
