"""The report of a rehearsal: one self-contained page, and the same facts as JSON and JUnit beside it."""

from __future__ import annotations

import json
from pathlib import Path

from groundplan.pages import templates
from groundplan.rehearsal.report import graph, junit
from groundplan.rehearsal.report.facts import Facts, collect
from groundplan.rehearsal.world import World


def write_report(world: World) -> Path:
    """Write `report.html`, `report.json` and `junit.xml` of what has been played so far.

    Returns:
        path of the page, which opens from the file with no network.
    """
    facts = collect(world)
    (world.folder / "report.json").write_text(json.dumps(facts.as_json(), indent=2) + "\n")
    (world.folder / "junit.xml").write_text(junit.render(facts.records))
    page = world.folder / "report.html"
    page.write_text(_render(facts))
    return page


def _render(facts: Facts) -> str:
    from groundplan.rehearsal.report import charts  # noqa: PLC0415 - matplotlib takes a second to load

    environment = templates("groundplan.rehearsal.report")
    return environment.get_template("page.html.j2").render(
        facts=facts,
        began=charts.began(facts.records) if facts.records else None,
        timeline=charts.timeline(facts.records),
        training=charts.training_curve(facts.curves, facts.killed_at_step),
        latency=charts.latency(facts.latencies_ms),
        slowest=charts.slowest_resources(facts.resources),
        components=graph.components(facts.resources),
        graph=graph.render(facts.resources),
    )
