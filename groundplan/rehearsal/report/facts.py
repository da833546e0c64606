"""Gather what the records of a rehearsal say into the facts that its report shows."""

from __future__ import annotations

import platform
import subprocess
from dataclasses import dataclass, field
from typing import Any

import psutil

from groundplan import __version__
from groundplan.rehearsal.scenario.record import Check, Status, StepRecord, load_records
from groundplan.rehearsal.world import PROJECT_ROOT, World


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The report's content.

    Attributes:
        rehearsal: id and environment.
        records: evidence of each step.
        machine: what it ran on.
        versions: of what was used, by name: engines, tools, SDKs, frameworks, images.
        stands_for: what each engine is in the cloud.
        resources: each resource of the stack: urn, type, name, component, dependencies, seconds.
        curves: training curves by run: points with step, loss, time, attempt.
        killed_at_step: where the worker was killed.
        latencies_ms: of the requests to the served model, by protocol.
        headline: the figures of the first screen, label -> text.
    """

    rehearsal: dict[str, str]
    records: list[StepRecord]
    machine: dict[str, str]
    versions: dict[str, str] = field(default_factory=dict)
    stands_for: dict[str, str] = field(default_factory=dict)
    resources: list[dict[str, Any]] = field(default_factory=list)
    curves: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    killed_at_step: int | None = None
    latencies_ms: dict[str, list[float]] = field(default_factory=dict)
    headline: dict[str, str] = field(default_factory=dict)

    @property
    def checks(self) -> list[Check]:
        """All checks of all steps."""
        return [check for record in self.records for check in record.checks]

    @property
    def verdict(self) -> str:
        """`passed`, `failed` or `unfinished`."""
        if any(not check.passed for check in self.checks):
            return "failed"
        if any(record.status is Status.FAILED for record in self.records):
            return "failed"
        last = self.records[-1] if self.records else None
        return "passed" if last and last.name == "stop" and last.status is Status.DONE else "unfinished"

    def as_json(self) -> dict[str, Any]:
        """The same facts as one JSON document."""
        return {
            "rehearsal": self.rehearsal,
            "verdict": self.verdict,
            "headline": self.headline,
            "machine": self.machine,
            "versions": self.versions,
            "resources": self.resources,
            "steps": [record.as_json() for record in self.records],
        }


def collect(world: World) -> Facts:
    """Read a rehearsal's evidence."""
    records = load_records(world.evidence)
    figures = {record.name: record.figures for record in records}

    def figure(step: str, key: str, default: Any) -> Any:
        return figures.get(step, {}).get(key, default)

    curves = {
        figures[step]["run"]: figures[step]["curve"]
        for step in ("train", "train-unbroken")
        if "curve" in figures.get(step, {})
    }
    return Facts(
        rehearsal={"id": world.id, "environment": world.environment, "region": world.region},
        records=records,
        machine=_machine(),
        versions=figure("engines", "versions", {}) | figure("serve", "versions", {}),
        stands_for=figure("engines", "stands_for", {}),
        resources=figure("provision", "resources", []),
        curves=curves,
        killed_at_step=figure("train", "killed_at_step", None),
        latencies_ms=figure("serve", "latencies_ms", {}),
        headline=_headline(figures),
    )


def _headline(figures: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Label and text of what people look for first; only what was measured."""
    wanted = (
        ("resources created", "provision", "created", "{}"),
        ("seconds for up", "provision", "seconds", "{:.0f}"),
        ("accuracy, served over HTTP", "serve", "accuracy_http", "{:.3f}"),
        ("accuracy, served over gRPC", "serve", "accuracy_grpc", "{:.3f}"),
        ("P50 over HTTP", "serve", "p50_http_ms", "{:.1f} ms"),
        ("P99 over HTTP", "serve", "p99_http_ms", "{:.1f} ms"),
        ("requests/s over HTTP", "serve", "requests_per_s_http", "{:.0f}"),
        ("P50 over gRPC", "serve", "p50_grpc_ms", "{:.1f} ms"),
        ("P99 over gRPC", "serve", "p99_grpc_ms", "{:.1f} ms"),
        ("requests/s over gRPC", "serve", "requests_per_s_grpc", "{:.0f}"),
        ("steps redone after the kill", "train", "steps_redone", "{}"),
        ("accuracy, in training", "train-unbroken", "holdout_accuracy", "{:.3f}"),
        ("changes of a second up", "second-up", "changes", "{}"),
        ("drift", "refresh", "changes", "{}"),
        ("recovery in the second region", "recover", "recovery_s", "{:.0f} s"),
        ("data that the lake lost", "measure", "lake_loss_s", "{:.1f} s"),
        ("age of the database's backup", "measure", "database_loss_s", "{:.0f} s"),
    )
    return {
        label: form.format(figures[step][key])
        for label, step, key, form in wanted
        if key in figures.get(step, {})
    }


def _machine() -> dict[str, str]:
    memory_gib = psutil.virtual_memory().total / 2**30
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return {
        "processors": str(psutil.cpu_count()),
        "memory": f"{memory_gib:.0f} GiB",
        "kernel": platform.release(),
        "python": platform.python_version(),
        "groundplan": __version__,
        "commit": commit or "unknown",
    }
