"""The monthly bill as a chart."""

from __future__ import annotations

import io
from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.figure import Figure

from groundplan.rehearsal.report.charts import BLUE, GREEN, ORANGE, RED, SETTINGS
from infra.planning.cost import CostLine

COLOURS = {"on demand": BLUE, "spot": ORANGE, "reserved": GREEN, "capacity block": RED}


def monthly_chart(costs: Sequence[CostLine]) -> str:
    """An SVG with a bar for each line of the bill, dearest first, coloured by how it is bought."""
    lines = sorted(costs, key=lambda line: -line.monthly_usd)
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(10, 0.32 * len(lines) + 1.2), layout="constrained")
        figure.patch.set_alpha(0)
        axes = figure.add_subplot()
        axes.patch.set_alpha(0)
        for option, colour in COLOURS.items():
            rows = [row for row, line in enumerate(lines) if line.option == option]
            if rows:
                widths = [lines[row].monthly_usd for row in rows]
                bars = axes.barh(rows, widths, color=colour, height=0.6, label=option)
                axes.bar_label(bars, fmt="{:,.0f}", padding=4)
        axes.set_yticks(range(len(lines)), [line.item for line in lines])
        axes.invert_yaxis()
        axes.margins(x=0.12)
        axes.set_xlabel(f"USD a month; together {sum(line.monthly_usd for line in lines):,.0f}")
        axes.legend(loc="lower right")
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()
