"""CPU seconds of the Pulumi program until its first AWS resource is registered, against attribute imports.

The peer is the same program with every `from pulumi_aws.ec2.vpc import Vpc` rewritten to
`import pulumi_aws as aws` and `aws.ec2.Vpc`, as most programs import. Both run in turns, each in a process of
its own; the monitor is a mock. The provider does not count: attribute imports are paid for only after it.
Modules lie compiled, as after a first run.

Leaf imports alone reach 0.9 of the peer: a leaf with nested types (`SecurityGroup`, `Bucket`, `Deployment`)
says `from . import outputs`, which loads its whole package, all 182 modules of `ec2` for instance. Three
things bring it below the target: packages that load only what is asked of them (`infra/lean_sdks.py`), no
garbage collection while modules are imported, and settings whose patterns compile quickly. Most that is left
are the input types of the SDKs: `ec2` and `core/v1` have hundreds of classes, and each leaf imports them all.

    python benchmarks/program_start.py [--runs 9]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT_ROOT))

from benchmarks.attribute_imports import rewrite_folder  # noqa: E402 - the path comes first

TARGET_RATIO = 0.6
RESULT = PROJECT_ROOT / "benchmarks" / "results" / "program_start.json"
RELEASE = {"images": dict.fromkeys(("ingest", "training", "inference"), f"sha256:{'0' * 64}")}

PROBE = """
import asyncio, json, os, runpy, sys, time

import pulumi
from pulumi.runtime import mocks, set_mocks
from pulumi.runtime.settings import set_root_resource


class Nothing(mocks.Mocks):
    def new_resource(self, args):
        return args.name, args.inputs

    def call(self, args):
        return {"accountId": "123456789012", "arn": "arn:aws:sts::123456789012:assumed-role/deployer/session"}


class FirstResource(mocks.MockMonitor):
    def RegisterResource(self, request):
        if request.type.startswith("aws:"):
            line = json.dumps({"cpu_s": time.process_time(), "first": request.type})
            os.write(1, f"{line}\\n".encode())  # at once: several threads may come here
            os._exit(0)
        return super().RegisterResource(request)


config = json.loads(os.environ["PROBE_CONFIG"])
pulumi.runtime.set_all_config(config)
monitor = FirstResource(Nothing())
set_mocks(monitor.mocks, project="groundplan", stack="dev", preview=False, monitor=monitor)
# All of the program runs before anything is sent, so that all its imports count.
sys.path.insert(0, os.path.dirname(sys.argv[1]))
from infra import handover
handover._TURNS = 0
set_root_resource(None)  # that of the mocks: the program gets one of its own
body = lambda: runpy.run_path(sys.argv[1], run_name="__main__") and None
asyncio.get_event_loop().run_until_complete(pulumi.runtime.run_in_stack(body))
"""


def main() -> int:
    """Measure, print a table, write JSON; 0 if the ratio is within the target."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=9, help="runs of each program (default: 9)")
    runs = parser.parse_args().runs
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as folder:
        programs = _prepare(Path(folder))
        seconds: dict[str, list[float]] = {name: [] for name in programs}
        for program in programs.values():
            _measure(program)  # compiles modules and warms the page cache
        for _ in range(runs):
            for name, program in programs.items():
                seconds[name].append(_measure(program))
    report = _report(seconds)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    _print(report)
    return 0 if report["ratio"] <= TARGET_RATIO else 1


def _prepare(folder: Path) -> dict[str, Path]:
    """Copy the program twice, once rewritten; both lie alike, so that only the imports differ."""
    programs = {}
    for name in ("leaf imports", "attribute imports"):
        root = folder / name.replace(" ", "-")
        shutil.copytree(PROJECT_ROOT / "infra", root / "infra", ignore=shutil.ignore_patterns("__pycache__"))
        (root / "release.json").write_text(json.dumps(RELEASE), encoding="utf-8")
        programs[name] = root / "infra"
    peer = programs["attribute imports"]
    rewrite_folder(peer)
    for statement in ("lean_sdks.install()", "gc.disable()"):
        _undo(peer / "__main__.py", statement)
    return programs


def _undo(file: Path, statement: str) -> None:
    """Take out what only this program does to start quickly."""
    text = file.read_text(encoding="utf-8")
    if statement not in text:
        raise SystemExit(f"{file} has no `{statement}`: what starts the program quickly has another name")
    file.write_text(text.replace(statement, "pass"), encoding="utf-8")


def _measure(program: Path) -> float:
    """CPU seconds of one run, the interpreter's own start included."""
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROBE, str(program)],
        env={**os.environ, "PROBE_CONFIG": json.dumps(_config()), "GROUNDPLAN_RELEASE": "release.json"},
        cwd=program,
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode:
        raise SystemExit(f"{program} failed:\n{found.stderr}")
    return json.loads(found.stdout.splitlines()[0])["cpu_s"]


def _config() -> dict[str, str]:
    """The dev stack's configuration as Pulumi hands it over."""
    import yaml  # noqa: PLC0415 - not in the measured process

    stack_file = PROJECT_ROOT / "stacks" / "Pulumi.dev.yaml"
    config = yaml.safe_load(stack_file.read_text(encoding="utf-8"))["config"]
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}


def _report(seconds: dict[str, list[float]]) -> dict:
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return {
        "what": "CPU seconds until the first AWS resource is registered",
        "python": sys.version.split()[0],
        "cpus": os.cpu_count(),
        "runs": len(seconds["leaf imports"]),
        "median_cpu_s": medians,
        "all_cpu_s": seconds,
        "ratio": medians["leaf imports"] / medians["attribute imports"],
        "target_ratio": TARGET_RATIO,
    }


def _print(report: dict) -> None:
    lines = [f"{report['what']} ({report['runs']} runs each, in turns)"]
    for name, values in report["all_cpu_s"].items():
        median = report["median_cpu_s"][name]
        lines.append(f"  {name:<18} median {median:.2f} s   {min(values):.2f} to {max(values):.2f} s")
    lines.append(f"  {'ratio':<18} {report['ratio']:.2f}          target <= {TARGET_RATIO}")
    lines.append(f"written to {RESULT.relative_to(PROJECT_ROOT)}")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
