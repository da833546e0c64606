"""Lets the engine work on what is registered while the program goes on."""

from __future__ import annotations

import asyncio

_TURNS = 40
"""Of the event loop: a registration takes some until it is sent, and more where it waits for another one."""


async def hand_over() -> None:
    """Send what was registered so far. Without it, nothing is sent before the program's last line has run."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)
