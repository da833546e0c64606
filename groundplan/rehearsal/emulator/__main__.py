"""Runs the emulator of one rehearsal until it is told to end (SIGTERM or SIGINT)."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from groundplan.errors import GroundplanError
from groundplan.rehearsal import worlds
from groundplan.rehearsal.emulator.server import Emulator


def main() -> int:
    """Start, wait for a signal, stop. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m groundplan.rehearsal.emulator", description=__doc__)
    parser.add_argument("--world", type=Path, required=True, help="the world.json of the rehearsal")
    world_file = parser.parse_args().world
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    try:
        emulator = Emulator(worlds.load_file(world_file))
        emulator.start()
    except GroundplanError as error:
        print(error, file=sys.stderr)  # noqa: T201 - progress and errors of a process go to stderr
        return error.exit_code
    over.wait()
    emulator.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
