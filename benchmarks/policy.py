"""Time of the policy pack on a state of prod, against checkov on the same resources.

Both run in turns, each in processes of its own, start-up included; modules lie compiled, as after a first
run. With `--rehearsal ID` it also previews the stack of a running rehearsal with the pack and without it, in
turns, and prints what the pack adds.

    python benchmarks/policy.py STATE.json [--runs 3] [--rehearsal ID]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

PROJECT_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT_ROOT))

from benchmarks.checkov_time import checkov_time  # noqa: E402 - the path comes first
from benchmarks.commands import seconds_of  # noqa: E402 - the path comes first
from groundplan.audit.second_opinion import state  # noqa: E402 - the path comes first
from groundplan.rehearsal import processes, shell, worlds  # noqa: E402 - the path comes first
from groundplan.rehearsal.world import World  # noqa: E402 - the path comes first

RESULT = PROJECT_ROOT / "benchmarks" / "results" / "policy.json"
TARGET_RATIO = 0.1
TARGET_ADDED = 0.1
_KINDS = ("wall", "cpu", "own_cpu")
_LEFT_OUT = ("K8S-13", "K8S-14")
"""What finds fault with namespaces that a preview leaves out: the engine shows them without properties."""


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("state", type=Path, metavar="STATE.json", help="what `pulumi stack export` wrote")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rehearsal", metavar="ID", help="a rehearsal that runs, to preview its stack")
    options = parser.parse_args()
    report = against_checkov(options.state, options.runs)
    if options.rehearsal:
        report["preview"] = added_to_a_preview(options.rehearsal, options.runs)
    _print(report)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(report, indent=2) + "\n")


def against_checkov(file: Path, runs: int) -> dict[str, Any]:
    """Medians of CPU seconds, ours and checkov's, and their ratio."""
    document = state.read(file)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else one side would compile itself in each run
    _audit_cpu_s(file)
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(runs):
        ours.append(_audit_cpu_s(file))
        theirs.append(checkov_time(document, runs=1).cpu_s)
    medians = {"groundplan audit": statistics.median(ours), "checkov": statistics.median(theirs)}
    return {
        "what": "CPU seconds to judge all resources of a state",
        "cpus": os.cpu_count(),
        "runs": runs,
        "median_cpu_s": medians,
        "all_cpu_s": {"groundplan audit": ours, "checkov": theirs},
        "ratio": medians["groundplan audit"] / medians["checkov"],
        "target_ratio": TARGET_RATIO,
    }


def added_to_a_preview(rehearsal: str, runs: int) -> dict[str, Any]:
    """Medians of wall and CPU seconds of a preview with the pack and without it, and what it adds to each.

    CPU seconds are those of Pulumi, the program, the pack and the providers, which run already in a
    rehearsal. `own_cpu` is that of Pulumi alone, where a rehearsal has a warm interpreter.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    world = worlds.load(rehearsal)
    words = [str(world.bin / "pulumi"), "preview", "--stack", world.environment, "--non-interactive"]
    pack = ["--policy-pack", str(PROJECT_ROOT / "policies")]
    if world.scope == "aws":
        words += ["--exclude", "**kubernetes:**"]
        levels = world.folder / "policy-levels.json"
        levels.write_text(json.dumps(dict.fromkeys(_LEFT_OUT, "advisory")), encoding="utf-8")
        pack += ["--policy-pack-config", str(levels)]
    ways = {"without": words, "with": [*words, *pack]}
    taken: dict[str, list[tuple[float, ...]]] = {way: [] for way in ways}
    for _ in range(runs):
        for way, command in ways.items():
            taken[way].append(_preview_s(command, world))
    report: dict[str, Any] = {"rehearsal of": world.environment, "target_added": TARGET_ADDED}
    for place, kind in enumerate(_KINDS):
        medians = {way: statistics.median(each[place] for each in pairs) for way, pairs in taken.items()}
        report[f"median_{kind}_s"] = medians
        report[f"all_{kind}_s"] = {way: [each[place] for each in pairs] for way, pairs in taken.items()}
        report[f"added_{kind}"] = medians["with"] / medians["without"] - 1
    return report


def _audit_cpu_s(file: Path) -> float:
    before = _children_s()
    words = [sys.executable, "-m", "groundplan", "audit", "--state", str(file), "--json"]
    subprocess.run(words, cwd=PROJECT_ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return _children_s() - before


def _preview_s(words: list[str], world: World) -> tuple[float, ...]:
    """Seconds of each kind."""
    variables = shell.environment(world)
    own, providers = _children_s(), _providers_s(world)
    wall = seconds_of("pulumi preview", words, variables)
    own = _children_s() - own
    return wall, own + _providers_s(world) - providers, own


def _providers_s(world: World) -> float:
    """CPU seconds of all that runs in a rehearsal; in a preview, that is providers, program and pack."""
    used = 0.0
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if processes.marker(process.pid) == world.id:
                times = process.cpu_times()
                used += times.user + times.system + times.children_user + times.children_system
    return used


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _print(report: dict[str, Any]) -> None:
    lines = [f"{report['what']} ({report['runs']} runs each, in turns)"]
    for name, values in report["all_cpu_s"].items():
        median = report["median_cpu_s"][name]
        lines.append(f"  {name:<18} median {median:.2f} s   {min(values):.2f} to {max(values):.2f} s")
    lines.append(f"  {'ratio':<18} {report['ratio']:.2f}          target <= {TARGET_RATIO}")
    if preview := report.get("preview"):
        for kind in _KINDS:
            for name, median in preview[f"median_{kind}_s"].items():
                lines.append(f"  preview {name:<10} median {median:.1f} s {kind}")
            lines.append(
                f"  {'added':<18} {preview[f'added_{kind}']:+.0%} {kind}     target <= {TARGET_ADDED:.0%}"
            )
    lines.append(f"written to {RESULT.relative_to(PROJECT_ROOT)}")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
