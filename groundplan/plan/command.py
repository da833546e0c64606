"""Shows a plan: tables or JSON on stdout, a chart in a file, refusals as an error."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from groundplan.errors import ExitCode, GroundplanError
from groundplan.files import write
from groundplan.plan.figures import load_figures
from groundplan.plan.planner import Plan, make_plan
from groundplan.plan.price_store import prices_for
from infra.planning.cost import LEFT_OUT
from infra.planning.estimate import Platform
from infra.settings.errors import Problem

PIPE_WIDTH = 160
"""Columns where no terminal says how many there are."""


def run(path: Path, *, as_json: bool, chart: Path | None, refresh_prices: bool) -> None:
    """Plan and show.

    Raises:
        GroundplanError: figures that cannot be used (exit code 2), no prices (2 or 3), a refused plan (5).
    """
    if chart and chart.suffix != ".svg":
        raise GroundplanError(
            f"--chart {chart}: a chart is SVG; allowed is a name that ends in .svg.",
            hint=f"groundplan plan {path} --chart {chart.with_suffix('.svg')}",
            exit_code=ExitCode.CONFIG,
        )
    figures = load_figures(path)
    plan = make_plan(figures, prices_for(figures.region, refresh=refresh_prices))
    out = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
    if as_json:
        out.file.write(json.dumps(plan.as_json(), indent=2) + "\n")
    elif plan.platform:
        _print(out, plan, plan.platform)
    if chart and plan.costs:
        _write_chart(plan, chart)
    if plan.refused:
        raise _refusal(plan, path)


def _print(out: Console, plan: Plan, platform: Platform) -> None:
    if platform.streaming:
        stream = platform.streaming
        out.print(
            f"Stream: {stream.brokers} x {stream.broker_type}, {stream.storage_gib:,} GiB each, "
            f"{stream.partitions} partitions, {stream.peak_mb_per_s:,.1f} MB/s at the peak, "
            f"{platform.ingest_pods} ingest pods"
        )
    out.print(f"Lake: {platform.lake_gib:,} GiB, and {platform.checkpoint_gib:,} GiB of checkpoints\n")
    pools = Table("pool", "instance type", "nodes", "GPUs", "pods", box=None)
    for pool in platform.pools:
        pools.add_row(
            pool.name,
            pool.instance_type,
            f"{pool.min_nodes} to {pool.max_nodes}",
            str(pool.gpus),
            str(pool.pods),
        )
    out.print(pools)
    bill = Table("a month", "", "", "USD", "bought", "because", box=None, show_footer=True)
    for column in bill.columns[1:4]:
        column.justify = "right"
    for line in plan.costs:
        bill.add_row(
            line.item,
            f"{line.quantity:,.0f}",
            line.unit,
            f"{line.monthly_usd:,.0f}",
            line.option,
            line.reason,
        )
    bill.columns[0].footer, bill.columns[3].footer = "total", f"{plan.monthly_usd:,.0f}"
    out.print()
    out.print(bill)
    out.print(f"\nPrices of {plan.prices.region}, {plan.prices.as_of} ({plan.prices.source}), without tax.")
    for note in plan.prices.notes:
        out.print(note)
    out.print(f"Not in the price: {'; '.join(LEFT_OUT)}.")


def _write_chart(plan: Plan, path: Path) -> None:
    from groundplan.plan.chart import monthly_chart  # noqa: PLC0415 - matplotlib takes a second to load

    write(path, "--chart", monthly_chart(plan.costs))


def _refusal(plan: Plan, path: Path) -> GroundplanError:
    problems = [
        Problem(key=item.key, given=item.given, wrong=f"{item.wrong} ({item.rule})", allowed=item.allowed)
        for item in plan.refused
    ]
    return GroundplanError(
        f"{path}: this plan cannot work or wastes money.",
        log="\n".join(map(str, problems)),
        hint=f"correct {path}, then run: groundplan plan {path}",
        exit_code=ExitCode.POLICY,
    )
