"""The unit tests are quick: their time is reported at the end of each run, with the goal beside it."""

from __future__ import annotations

from collections.abc import Generator

import pytest

GOAL_S = 60
_seconds: list[float] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what each part of a unit test took (pytest asks this file about its own folder only)."""
    report = yield
    _seconds.append(report.duration)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the unit tests took together, and whether that is too long for an idle machine."""
    if _seconds:
        total = sum(_seconds)
        late = "" if total <= GOAL_S else ": too long, unless the machine was busy (see --durations=20)"
        terminalreporter.write_line(f"unit tests: {total:.0f} s, goal {GOAL_S} s{late}")
