"""Try again what may pass, for a bounded time."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
log = logging.getLogger(__name__)
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0


def retry(
    action: Callable[[], T],
    *,
    transient: Callable[[Exception], bool],
    within_s: float = 60.0,
    what: str = "request",
) -> T:
    """Call `action` until it succeeds, fails for good, or `within_s` seconds have passed.

    Args:
        action: what to do; must be safe to repeat.
        transient: tells whether an exception may pass by itself.
        within_s: after this time the last exception is raised.
        what: named in the log line of each new try.
    """
    deadline = time.monotonic() + within_s
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            return action()
        except Exception as error:
            if not transient(error) or time.monotonic() + pause_s > deadline:
                raise
            log.warning(
                "trying again", extra={"what": what, "error": str(error), "pause_s": round(pause_s, 2)}
            )
        time.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 - spreads retries, no secret depends on it
        pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)
