"""Seconds that checkov takes on the resources of a Pulumi state; `benchmarks/policy.py` compares with it.

Measured are the conversion and each of checkov's two runs (plan, manifests), start-up included, as anybody
who calls it pays for it. CPU seconds are those of checkov's processes; wall seconds depend on what else runs.

    python benchmarks/checkov_time.py STATE.json [--runs 3]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from groundplan.audit.second_opinion import checkov, state
from groundplan.audit.second_opinion.manifests import manifests
from groundplan.audit.second_opinion.terraform_plan import convert


@dataclass(frozen=True, kw_only=True)
class CheckovTime:
    """Medians of several runs on the same resources.

    Args:
        resources: AWS resources and Kubernetes objects that it was shown.
        opinions: verdicts that it gave.
        convert_s: wall seconds of the conversion, which is ours.
        wall_s: wall seconds of checkov, both runs.
        cpu_s: CPU seconds of checkov, both runs.
    """

    resources: int
    opinions: int
    convert_s: float
    wall_s: float
    cpu_s: float


def checkov_time(document: Mapping[str, Any], *, runs: int = 3) -> CheckovTime:
    """Run checkov `runs` times on a state; installs it before the clock starts."""
    began = time.monotonic()
    found = state.resources(document)
    plan, objects = convert(found), manifests(found)
    converted = time.monotonic() - began
    checkov.known_checks(print)
    opinions = 0
    walls, cpus = [], []
    for _ in range(runs):
        parts = [
            _timed(lambda: checkov.on_plan(plan, print)),
            _timed(lambda: checkov.on_manifests(objects, print)),
        ]
        opinions = sum(part[0] for part in parts)
        walls.append(sum(part[1] for part in parts))
        cpus.append(sum(part[2] for part in parts))
    return CheckovTime(
        resources=len(plan.urns) + len(objects),
        opinions=opinions,
        convert_s=round(converted, 3),
        wall_s=round(statistics.median(walls), 2),
        cpu_s=round(statistics.median(cpus), 2),
    )


def _timed(run: Callable[[], list[Any]]) -> tuple[int, float, float]:
    """Number of opinions, wall seconds, CPU seconds."""
    cpu, wall = _children_s(), time.monotonic()
    opinions = len(run())
    return opinions, time.monotonic() - wall, _children_s() - cpu


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print the medians as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("state", type=Path, metavar="STATE.json", help="what `pulumi stack export` wrote")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    measured = checkov_time(state.read(options.state), runs=options.runs)
    sys.stdout.write(json.dumps(asdict(measured), indent=2) + "\n")


if __name__ == "__main__":
    main()
