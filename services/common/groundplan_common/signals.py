"""Ask a long-running service to end in good order."""

from __future__ import annotations

import signal
import threading
from types import FrameType


class StopSignal:
    """Set when the process gets SIGTERM or SIGINT; install it in the main thread."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def install(self) -> StopSignal:
        """Listen for SIGTERM and SIGINT from now on."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle)
        return self

    def set(self) -> None:
        """Ask for the stop from within the process."""
        self._event.set()

    def is_set(self) -> bool:
        """Tell whether a stop was asked for."""
        return self._event.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Wait for a stop, at most `timeout_s` seconds; tell whether it came."""
        return self._event.wait(timeout_s)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self._event.set()
