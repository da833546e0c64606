"""Charts of the report as inline SVG, legible on light and on dark ground."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import matplotlib as mpl
import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from groundplan.rehearsal.scenario.record import Status, StepRecord

INK = "#7d8590"
BLUE, ORANGE, GREEN, RED = "#3b82f6", "#f59e0b", "#22a06b", "#e5484d"
SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "groundplan",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}


def _draw(width: float, height: float, paint: Callable[[Axes], None]) -> Markup:
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(width, height), layout="constrained")
        figure.patch.set_alpha(0)
        axes = figure.add_subplot()
        axes.patch.set_alpha(0)
        paint(axes)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    # Safe: the text comes from matplotlib, which escapes what it is given.
    return Markup(text[text.index("<svg") :])  # noqa: S704


def began(records: Sequence[StepRecord]) -> datetime:
    """When the earliest of the steps began."""
    return min(record.started for record in records)


def timeline(records: Sequence[StepRecord]) -> Markup | None:
    """Each step as a bar from its start to its end, in seconds since the earliest.

    That need not be the first step: preparing and starting engines are played again when a rehearsal goes on.
    """
    if not records:
        return None
    zero = began(records)

    def paint(axes: Axes) -> None:
        for row, record in enumerate(records):
            start = (record.started - zero).total_seconds()
            colour = GREEN if record.status is Status.DONE else RED
            if any(not check.passed for check in record.checks):
                colour = RED
            axes.barh(row, record.seconds, left=start, color=colour, height=0.6)
            axes.annotate(
                f"{record.seconds:.0f} s",
                (start + record.seconds, row),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
            )
        axes.set_yticks(range(len(records)), [record.title for record in records])
        axes.invert_yaxis()
        axes.margins(x=0.08)
        axes.set_xlabel("seconds since the start")

    return _draw(10, 0.34 * len(records) + 0.8, paint)


def training_curve(
    curves: Mapping[str, Sequence[Mapping[str, Any]]], killed_at_step: int | None
) -> Markup | None:
    """Loss by step of each run, one line an attempt, with the kill and the resumption marked."""
    if not curves:
        return None

    def paint(axes: Axes) -> None:
        # The unbroken run lies below, broad and pale: where the thin line covers it, the two runs are equal.
        for (run, points), colour, width in zip(
            reversed(list(curves.items())), (BLUE, ORANGE), (4.0, 1.0), strict=False
        ):
            for number, attempt in enumerate(dict.fromkeys(point["attempt"] for point in points)):
                part = [point for point in points if point["attempt"] == attempt]
                steps, losses = [p["step"] for p in part], [p["loss"] for p in part]
                label = run if number == 0 else None
                axes.plot(steps, losses, color=colour, lw=width, alpha=0.4 if width > 1 else 1, label=label)
                if number:
                    axes.axvline(steps[0], color=GREEN, lw=1, ls="--")
                    axes.annotate(
                        "resumed from its checkpoint",
                        (steps[0], 0.03),
                        xycoords=("data", "axes fraction"),
                        color=GREEN,
                        ha="right",
                    )
        if killed_at_step is not None:
            axes.axvline(killed_at_step, color=RED, lw=1, ls="--")
            axes.annotate(
                "worker killed", (killed_at_step, 0.97), xycoords=("data", "axes fraction"), color=RED
            )
        axes.set_xlabel("step")
        axes.set_ylabel("loss")
        axes.set_yscale("log")
        axes.legend()

    return _draw(10, 3.6, paint)


def latency(latencies_ms: Mapping[str, Sequence[float]]) -> Markup | None:
    """Distribution of the latency of the requests, by protocol, with P50 and P99."""
    if not latencies_ms:
        return None

    def paint(axes: Axes) -> None:
        highest = max(float(np.percentile(values, 99.5)) for values in latencies_ms.values())
        bins = np.linspace(0, highest, 50).tolist()
        for (protocol, values), colour in zip(latencies_ms.items(), (BLUE, ORANGE), strict=False):
            p50, p99 = np.percentile(values, [50, 99])
            label = f"{protocol}: P50 {p50:.1f} ms, P99 {p99:.1f} ms"
            axes.hist(values, bins=bins, color=colour, alpha=0.55, label=label)
            axes.axvline(p99, color=colour, ls=":", lw=1.2)
        axes.set_xlabel("latency of a request, ms")
        axes.set_ylabel("requests")
        axes.legend()

    return _draw(10, 3.2, paint)


def slowest_resources(resources: Sequence[Mapping[str, Any]], count: int = 15) -> Markup | None:
    """The resources that took longest to create."""
    timed = sorted((r for r in resources if r.get("seconds")), key=lambda r: -r["seconds"])[:count]
    if not timed:
        return None

    def paint(axes: Axes) -> None:
        names = [f"{r['type'].split(':')[-1]} {r['name']}" for r in timed]
        axes.barh(names, [r["seconds"] for r in timed], color=BLUE, height=0.6)
        axes.invert_yaxis()
        axes.set_xlabel("seconds to create")

    return _draw(10, 0.28 * len(timed) + 0.8, paint)
