"""Seconds of a preview that changes nothing, against the engine's own settings and against OpenTofu.

Needs a rehearsal of scope `aws` whose stack is up. In turns, on the same account:

- `pulumi preview` as the rehearsal's shell has it;
- the same without settings of ours (`PULUMI_PARALLEL`, `PULUMI_PARALLEL_DIFF`, no automatic logs): the
  engine's defaults;
- `tofu plan -refresh=false` of the same resources with the same terraform-provider-aws (Pulumi's preview
  reads nothing from the account either), and `tofu plan` as it is, which reads everything first.

The providers of a rehearsal run already, OpenTofu starts its own. So the seconds of a start of the provider
are measured as well, and ours is compared with them added, too.

    groundplan rehearse run prod --id ID --only aws --until provision
    python benchmarks/no_change_preview.py --rehearsal ID [--runs 5]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

PROJECT_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT_ROOT))

from benchmarks import tofu  # noqa: E402 - the path comes first
from benchmarks.commands import seconds_of, with_defaults  # noqa: E402 - the path comes first
from groundplan.audit.second_opinion import terraform_schema  # noqa: E402 - the path comes first
from groundplan.rehearsal import shell, stack, worlds  # noqa: E402 - the path comes first
from groundplan.rehearsal.providers.aws.environment import proxy  # noqa: E402 - the path comes first
from groundplan.rehearsal.providers.aws.tunnel import start_tunnel  # noqa: E402 - the path comes first
from groundplan.rehearsal.toolchain import Toolbox  # noqa: E402 - the path comes first
from groundplan.rehearsal.world import World, cache_folder  # noqa: E402 - the path comes first

RESULT = PROJECT_ROOT / "benchmarks" / "results" / "no_change_preview.json"
OURS, DEFAULTS = "pulumi preview", "engine's defaults"
PLAN, REFRESHED = "tofu plan -refresh=false", "tofu plan"
TARGETS = {DEFAULTS: 0.5, PLAN: 1.0}


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to ask what would change.

    Args:
        words: the command line.
        variables: its environment.
        unchanged: exit code that says "nothing would".
    """

    words: Sequence[str]
    variables: Mapping[str, str]
    unchanged: int = 0


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rehearsal", metavar="ID", required=True, help="a rehearsal whose stack is up")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else the program would compile itself in each run
    world = worlds.load(options.rehearsal)
    toolbox = Toolbox(cache_folder(), print)
    provider = toolbox.path("terraform-provider-aws")
    with TemporaryDirectory() as folder:
        peer = tofu.prepare(toolbox.obtain("tofu"), provider, Path(folder), _variables_of_provider(world))
        estate = tofu.settle(peer, _state(world))
        taken = measured({**_pulumi(world, Path(folder)), **_tofu(peer)}, options.runs)
    start_s = statistics.median(_provider_start_s(provider) for _ in range(options.runs))
    report = {
        "what": f"wall seconds of a preview of {world.environment}'s AWS half that changes nothing",
        "cpus": os.cpu_count(),
        "runs": options.runs,
        "resources_planned_by_opentofu": len(estate.configuration),
        "left_out_of_opentofu": estate.left_out,
        "arguments_that_opentofu_leaves_alone": estate.ignored,
        "provider_start_s": start_s,
        "all_s": taken,
        **_compared(taken, start_s),
    }
    _print(report)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(report, indent=2) + "\n")


def measured(ways: Mapping[str, Way], runs: int) -> dict[str, list[float]]:
    """Seconds of each run, all ways in turns; one round before warms caches.

    Raises:
        SystemExit: something would change, or a command failed.
    """
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(runs + 1):
        for name, way in ways.items():
            seconds = seconds_of(name, way.words, way.variables, expected=way.unchanged)
            if number:
                taken[name].append(seconds)
    return taken


def _variables_of_provider(world: World) -> dict[str, str]:
    """The shell's, and the way to the one host of the account that has no DNS."""
    return {**shell.environment(world), **proxy(world, start_tunnel(world).url)}


def _pulumi(world: World, scratch: Path) -> dict[str, Way]:
    variables = shell.environment(world)
    words = [str(world.bin / "pulumi"), "preview", "--stack", world.environment, "--non-interactive"]
    words += ["--expect-no-changes", "--exclude", stack.KUBERNETES]
    home = scratch / "home"
    home.mkdir()
    return {
        OURS: Way(words=words, variables=variables),
        DEFAULTS: Way(words=words, variables=with_defaults(variables, home)),
    }


def _tofu(peer: tofu.Tofu) -> dict[str, Way]:
    plan = peer.words("plan", "-detailed-exitcode", "-no-color", "-lock=false")
    return {
        PLAN: Way(words=[*plan, "-refresh=false"], variables=peer.variables),
        REFRESHED: Way(words=plan, variables=peer.variables),
    }


def _state(world: World) -> dict[str, Any]:
    words = [str(world.bin / "pulumi"), "stack", "export", "--show-secrets", "--stack", world.environment]
    done = subprocess.run(
        words, cwd=PROJECT_ROOT, env=shell.environment(world), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def _provider_start_s(provider: Path) -> float:
    """Until a provider that was just started has told its schema, as each plan asks it to."""
    began = time.monotonic()
    terraform_schema.read(provider)
    return time.monotonic() - began


def _compared(taken: Mapping[str, Sequence[float]], start_s: float) -> dict[str, Any]:
    medians = {name: statistics.median(values) for name, values in taken.items()}
    peers = [name for name in medians if name != OURS]
    return {
        "median_s": medians,
        "ratio": {name: medians[OURS] / medians[name] for name in peers},
        "ratio_with_a_start_of_the_provider": {
            name: (medians[OURS] + start_s) / medians[name] for name in (PLAN, REFRESHED)
        },
        "target_ratio": TARGETS,
    }


def _print(report: Mapping[str, Any]) -> None:
    planned, left_out = report["resources_planned_by_opentofu"], report["left_out_of_opentofu"]
    ignored = report["arguments_that_opentofu_leaves_alone"]
    lines = [f"{report['what']} ({report['runs']} runs each, in turns)"]
    for name, values in report["all_s"].items():
        median = report["median_s"][name]
        ratio = f"ours {report['ratio'][name]:.2f}x" if name in report["ratio"] else ""
        target = f"target <= {TARGETS[name]}" if name in TARGETS else ""
        spread = f"{min(values):.2f} to {max(values):.2f} s"
        lines.append(f"  {name:<26} median {median:6.2f} s   {spread}   {ratio}  {target}".rstrip())
    lines.append(f"  a start of the provider    median {report['provider_start_s']:6.2f} s; with it, ours is")
    for name, ratio in report["ratio_with_a_start_of_the_provider"].items():
        lines.append(f"    {ratio:.2f}x of {name}")
    lines.append(f"OpenTofu plans {planned} resources; left out: {len(left_out)}; left alone: {ignored or 0}")
    lines.append(f"written to {RESULT.relative_to(PROJECT_ROOT)}")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
