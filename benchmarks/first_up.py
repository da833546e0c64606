"""Seconds of the first `pulumi up` of an environment's AWS half, against the engine as it is released.

Each run is on a new emulated account, in turns:

- `pulumi up` as the rehearsal's shell has it, with checkpoints in groups (ADR 0017);
- the same by the engine without our patch, and without our settings: `PULUMI_PARALLEL` (it works on 4
  resources per CPU), `PULUMI_PARALLEL_DIFF`, no copy beside each checkpoint, no automatic logs.

Both have each step on disk before they go on, so both may be killed at any moment
(`benchmarks/crash_safety.py`).

    python benchmarks/first_up.py [--environment prod] [--runs 3]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

PROJECT_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT_ROOT))

from benchmarks.commands import seconds_of, with_defaults  # noqa: E402 - the path comes first
from groundplan.rehearsal import shell, stack, worlds  # noqa: E402 - the path comes first
from groundplan.rehearsal.toolchain import GoTool, Toolbox  # noqa: E402 - the path comes first
from groundplan.rehearsal.toolchain.tools import TOOLS  # noqa: E402 - the path comes first
from groundplan.rehearsal.world import World, cache_folder  # noqa: E402 - the path comes first

RESULT = PROJECT_ROOT / "benchmarks" / "results" / "first_up.json"
ID = "first-up"
OURS, DEFAULTS = "pulumi up", "as released"
TARGET = 0.33


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--environment", default="prod")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    taken: dict[str, list[float]] = {OURS: [], DEFAULTS: []}
    for _ in range(options.runs):
        for name, seconds in taken.items():
            seconds.append(_first_up_s(options.environment, as_the_engine_is=name == DEFAULTS))
            sys.stdout.write(f"{name}: {seconds[-1]:.1f} s\n")
            sys.stdout.flush()
    report = _report(options.environment, taken)
    _print(report)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(report, indent=2) + "\n")


def _first_up_s(environment: str, *, as_the_engine_is: bool) -> float:
    _groundplan("rehearse", "run", environment, "--only", "aws", "--id", ID, "--until", "engines")
    try:
        world = worlds.load(ID)
        with TemporaryDirectory() as home:
            variables = shell.environment(world)
            if as_the_engine_is:
                _release(world)
                variables = with_defaults(variables, Path(home))
            return _up_s(world, variables)
    finally:
        _groundplan("rehearse", "down", ID)


def _release(world: World) -> None:
    """Put the engine without our patch into the rehearsal, beside the language host as its own was."""
    tools = {"pulumi": replace(cast("GoTool", TOOLS["pulumi"]), patches=())}
    place = world.engine_data("pulumi") / "bin" / "pulumi"
    place.unlink()
    shutil.copy2(Toolbox(cache_folder(), print, tools=tools).obtain("pulumi"), place)


def _up_s(world: World, variables: Mapping[str, str]) -> float:
    words = [str(world.bin / "pulumi"), "up", "--stack", world.environment, "--yes", "--skip-preview"]
    words += ["--non-interactive", "--exclude", stack.KUBERNETES]
    return seconds_of("pulumi up", words, variables)


def _groundplan(*words: str) -> None:
    seconds_of("groundplan", [sys.executable, "-m", "groundplan", *words], os.environ)


def _report(environment: str, taken: Mapping[str, list[float]]) -> dict[str, Any]:
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    return {
        "what": f"wall seconds of the first `pulumi up` of {environment}'s AWS half",
        "cpus": os.cpu_count(),
        "runs": len(taken[OURS]),
        "all_s": taken,
        "median_s": medians,
        "ratio": medians[OURS] / medians[DEFAULTS],
        "target_ratio": TARGET,
    }


def _print(report: Mapping[str, Any]) -> None:
    lines = [f"{report['what']} ({report['runs']} runs each, in turns, {report['cpus']} CPUs)"]
    for name, seconds in report["all_s"].items():
        spread = f"{min(seconds):.1f} to {max(seconds):.1f} s"
        lines.append(f"  {name:<18} median {report['median_s'][name]:6.1f} s   {spread}")
    lines.append(f"  ours {report['ratio']:.2f}x, target <= {report['target_ratio']}")
    lines.append(f"written to {RESULT.relative_to(PROJECT_ROOT)}")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
