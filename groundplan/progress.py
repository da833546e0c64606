"""What people see while something long goes on: lines and a spinner on stderr, data never."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

console = Console(stderr=True, highlight=False)
"""The one console of the command; data goes to stdout by `print` or `typer.echo` instead."""


class Progress:
    """Shows the step at work, its latest note, and a line for each step that ended."""

    def __init__(self, target: Console = console) -> None:
        self._console = target
        self._status: Status | None = None
        self._title = ""
        self._began = 0.0

    @contextmanager
    def step(self, title: str) -> Generator[None]:
        """Show `title` with a spinner until the block ends; then one line with its seconds."""
        self._title, self._began = title, time.monotonic()
        mark = "[red]✗[/]"
        try:
            if self._console.is_terminal:
                with self._console.status(title) as self._status:
                    yield
            else:
                self._console.print(f"[dim]…[/] {title}")
                yield
            mark = "[green]✓[/]"
        finally:
            self._status = None
            self._console.print(f"{mark} {title} [dim]{time.monotonic() - self._began:.0f} s[/]")

    def note(self, text: str) -> None:
        """Show what the step at work is doing now."""
        if self._status is not None:
            elapsed = time.monotonic() - self._began
            self._status.update(f"{self._title} [dim]{elapsed:.0f} s[/] · {text}")
        else:
            self._console.print(f"  [dim]{text}[/]")

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self._console.print(text)
