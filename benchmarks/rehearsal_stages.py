"""Seconds per stage of the rehearsal, cold (empty cache) and warm; prints a table and writes JSON.

    .venv/bin/python benchmarks/rehearsal_stages.py --warm 3          # medians of three warm runs
    .venv/bin/python benchmarks/rehearsal_stages.py --cold            # one run with an empty cache first

Machines differ and are shared: compare the stages and runs of one invocation with each other.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results" / "rehearsal_stages.json"
ID = "benchmark"
GOALS_S = {"engines": 60, "provision": 240, "all, warm": 600, "all, cold": 3000}
"""What the first rehearsal set itself, in seconds."""


def main() -> int:
    """Run the rehearsals asked for and show what each stage took."""
    options = _options()
    results: dict[str, list[dict[str, float]]] = {}
    if options.cold:
        with tempfile.TemporaryDirectory(prefix="groundplan-cold-") as cache:
            results["cold"] = [
                _rehearse(options.environment, {"GROUNDPLAN_CACHE": cache, "GOCACHE": f"{cache}/go"})
            ]
    results["warm"] = [_rehearse(options.environment, {}) for _ in range(options.warm)]
    medians = {kind: _medians(runs) for kind, runs in results.items() if runs}
    _print(medians)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"runs": results, "medians": medians, "goals_s": GOALS_S}, indent=2) + "\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--environment", default="dev", help="the stack to rehearse")
    parser.add_argument("--warm", type=int, default=1, help="how many runs with a filled cache")
    parser.add_argument(
        "--cold", action="store_true", help="one run with an empty cache (builds every engine)"
    )
    return parser.parse_args()


def _rehearse(environment: str, variables: dict[str, str]) -> dict[str, float]:
    """Seconds of each step of one whole rehearsal, and of all of it."""
    began = time.monotonic()
    command = [sys.executable, "-m", "groundplan", "rehearse", "run", environment, "--id", ID, "--json"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **variables}, stdout=subprocess.PIPE, check=True
    )
    seconds = time.monotonic() - began
    stages = {}
    for record in json.loads(done.stdout):
        stages[record["name"]] = round(record["seconds"], 1)
    return {**stages, "all": round(seconds, 1)}


def _medians(runs: list[dict[str, float]]) -> dict[str, float]:
    return {stage: statistics.median(run[stage] for run in runs) for stage in runs[0]}


def _print(medians: dict[str, dict[str, float]]) -> None:
    kinds = list(medians)
    print(f"{'stage':<18}" + "".join(f"{kind:>10}{'goal':>8}" for kind in kinds))
    for stage in medians[kinds[0]]:
        row = "".join(f"{medians[kind][stage]:>10.1f}{_goal(kind, stage):>8}" for kind in kinds)
        print(f"{stage:<18}{row}")


def _goal(kind: str, stage: str) -> str:
    """The goal of a stage in seconds; single stages have one for warm runs only."""
    goal = GOALS_S.get(f"all, {kind}") if stage == "all" else GOALS_S.get(stage) if kind == "warm" else None
    return str(goal or "")


if __name__ == "__main__":
    sys.exit(main())
