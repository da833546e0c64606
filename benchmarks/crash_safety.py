"""Crash safety of `pulumi up` on the real engine: kills, locks, damage, faults of AWS, expiry, drift.

Needs a rehearsal whose account runs:

    groundplan rehearse run dev --only aws --id crash --until engines
    python benchmarks/crash_safety.py crash [--only kills --only locks ...] [--kills 50] [--trials 20]

Prints a line for each trial and writes all of them as JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

PROJECT_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT_ROOT))

from benchmarks.crash import adversity, damage, kills, locking  # noqa: E402 - the path comes first
from benchmarks.crash.stack import SmallStack, small_stack  # noqa: E402 - the path comes first
from groundplan.rehearsal import worlds  # noqa: E402 - the path comes first
from groundplan.rehearsal.emulator.faults import Faults  # noqa: E402 - the path comes first

RESULT = PROJECT_ROOT / "benchmarks" / "results" / "crash_safety.json"
_MANY = 10_000
"""More boundaries than any stack has: `up` ends before it is killed."""
_FAULTS = (
    Faults(throttled=0.3),
    Faults(broken=0.1),
    Faults(lost=0.1),
    Faults(late_s=3),
    Faults(throttled=0.3, broken=0.05, lost=0.05, late_s=3),
)
_CALLS = range(5, 120)
"""Calls of the provider in an `up` of the small stack, about."""


class Experiment:
    """The trials on one stack, in turn.

    Args:
        stack: empty.
        options: how many of each.
    """

    def __init__(self, stack: SmallStack, options: argparse.Namespace) -> None:
        self.stack = stack
        self.options = options
        self.report: dict[str, Any] = {}
        began = time.monotonic()
        self.boundaries = stack.kill_up(_MANY)
        self.clean_s = round(time.monotonic() - began, 1)
        self.clean = stack.counts()
        self._empty()

    def kills(self) -> list[dict[str, Any]]:
        """Kill at boundaries spread over the whole `up`; the runbook afterwards."""
        places = kills.spread(self.boundaries, self.options.kills)
        return self._each(places, lambda place: kills.kill_trial(self.stack, place, self.clean))

    def plain(self) -> list[dict[str, Any]]:
        """The same, fewer, with Pulumi alone: what the runbook's second command is for."""
        places = kills.spread(self.boundaries, self.options.plain)
        return self._each(places, lambda place: kills.kill_trial(self.stack, place, self.clean, adopt=False))

    def locks(self) -> list[dict[str, Any]]:
        """Two at once."""
        self._full()
        rows = self._each(range(self.options.trials), lambda _: locking.two_at_once(self.stack), empty=False)
        return [{**row, "passed": row["passed"] and row["loser_s"] <= locking.MAX_LOSER_S} for row in rows]

    def stale(self) -> list[dict[str, Any]]:
        """Owners that were killed."""
        self._full()
        return self._each(range(self.options.trials), lambda _: locking.stale_lock(self.stack), empty=False)

    def damage(self) -> list[dict[str, Any]]:
        """Every kind, with other dice each time; the engine is asked once for each."""
        self._full()
        cases = [(name, seed) for name in damage.DAMAGES for seed in range(self.options.trials)]
        found = self._each(
            cases,
            lambda case: damage.damage_trial(self.stack, *case, ask_engine=case[1] == 0),
            empty=False,
        )
        self.report["unchanged_after_damage"] = self.stack.unchanged()
        return found

    def faults(self) -> list[dict[str, Any]]:
        """AWS misbehaves."""
        self._empty()
        return self._each(_FAULTS, lambda faults: adversity.fault_trial(self.stack, faults, self.clean))

    def expiry(self) -> list[dict[str, Any]]:
        """Credentials expire after k calls."""
        self._empty()
        dice = random.Random(1)  # noqa: S311 - no secret
        places = sorted(dice.sample(_CALLS, self.options.trials))
        return self._each(places, lambda place: adversity.expiry_trial(self.stack, place, self.clean))

    def drift(self) -> list[dict[str, Any]]:
        """Ten changes behind Pulumi's back, one report."""
        self._full()
        wanted, reported = adversity.drift_report(self.stack)
        missed, false = sorted(wanted - reported), sorted(reported - wanted)
        row = {"changed": len(wanted), "reported": len(wanted & reported), "missed": missed, "false": false}
        _say("drift", row)
        return [row]

    def _each(self, cases: Any, trial: Callable[[Any], Any], *, empty: bool = True) -> list[dict[str, Any]]:
        rows = []
        for case in cases:
            began = time.monotonic()
            result = trial(case)
            passed = getattr(result, "passed", None)
            row = {**asdict(result), "passed": passed, "trial_s": round(time.monotonic() - began, 1)}
            _say(type(result).__name__, row)
            rows.append(row)
            if empty:
                self._empty()
        return rows

    def _empty(self) -> None:
        run = self.stack.apply("destroy")
        if run.exit_code:
            raise RuntimeError(run.output)

    def _full(self) -> None:
        run = self.stack.apply("up")
        if run.exit_code:
            raise RuntimeError(run.output)


PARTS = ("drift", "damage", "locks", "stale", "kills", "plain", "faults", "expiry")


def main() -> None:
    """Run the parts that were asked for, and write what came out after each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rehearsal", help="id of a rehearsal whose emulator and providers run")
    parser.add_argument("--only", action="append", choices=PARTS, help="again for more")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--plain", type=int, default=5, help="kills without what we add to Pulumi")
    parser.add_argument("--trials", type=int, default=20, help="of each of the others")
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with small_stack(worlds.load(options.rehearsal)) as stack:
        experiment = Experiment(stack, options)
        report = experiment.report
        report |= {"boundaries": experiment.boundaries, "clean_s": experiment.clean_s}
        _say("clean", report)
        for part in options.only or PARTS:
            report[part] = getattr(experiment, part)()
            options.out.write_text(json.dumps(report, indent=1) + "\n")


def _say(what: str, row: dict[str, Any]) -> None:
    print(what, json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
