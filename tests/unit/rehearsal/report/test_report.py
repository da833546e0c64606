"""The report shows what the evidence says, in one file that needs no network."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib.axes import Axes

from groundplan.rehearsal.report import charts, write_report
from groundplan.rehearsal.report.facts import collect
from groundplan.rehearsal.scenario.record import Status, StepRecord, load_records
from groundplan.rehearsal.world import World

BEGAN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def _resource(component: str, name: str, *needs: str) -> dict[str, object]:
    return {
        "urn": f"urn:{name}",
        "type": "aws:ec2/subnet:Subnet",
        "name": name,
        "component": component,
        "dependencies": [f"urn:{need}" for need in needs],
        "seconds": 1.5,
    }


def _curve(steps: range, attempt: int) -> list[dict[str, float]]:
    return [{"step": step, "loss": 2.3 / (1 + step), "time": step, "attempt": attempt} for step in steps]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A rehearsal that was played to its end."""
    world = World(id="sample", environment="dev", region="eu-west-1", slot=0, folder=tmp_path)
    figures = {
        "engines": {"versions": {"etcd": "3.6.5"}, "stands_for": {"etcd": "the store of EKS' control plane"}},
        "provision": {
            "created": 3,
            "resources": [
                _resource("Network", "vpc"),
                _resource("Cluster", "eks", "vpc"),
                _resource("Tenant <vision>", "ns", "eks"),
            ],
        },
        "train": {
            "run": "broken",
            "killed_at_step": 25,
            "curve": _curve(range(30), 0) + _curve(range(20, 60), 1),
        },
        "serve": {
            "accuracy_http": 0.9722,
            "versions": {"Triton": "2.56.0 (triton)"},
            "latencies_ms": {"http": [2.0, 3.0, 9.0], "grpc": [1.0, 1.5, 4.0]},
        },
        "stop": {},
    }
    for order, (name, values) in enumerate(figures.items()):
        record = StepRecord(name=name, title=f"Step {name}", started=BEGAN + timedelta(seconds=30 * order))
        record.figures = values
        record.check("a fact", expected=0, actual=0)
        record.status, record.finished = Status.DONE, record.started + timedelta(seconds=28)
        record.save(world.evidence, order)
    return world


def test_page_needs_nothing_from_outside(world: World) -> None:
    """No script, style sheet, font or picture is fetched."""
    page = write_report(world).read_text()
    fetched = re.findall(r"""(?:src|href)=["'](?!#)([^"']+)|url\(([^)#]+)\)|@import""", page)
    assert fetched == []


def test_page_escapes_what_the_evidence_holds(world: World) -> None:
    """Names from outside cannot become markup."""
    page = write_report(world).read_text()
    assert "Tenant <vision>" not in page
    assert "Tenant &lt;vision&gt;" in page


def test_page_shows_the_charts(world: World) -> None:
    """Timeline, graph of components, training curve with the kill, and latency are drawn."""
    page = write_report(world).read_text()
    assert page.count("<svg") == 5
    assert "worker killed" in page
    assert "resumed" in page


def test_versions_are_those_of_engines_and_servers(world: World) -> None:
    """What the engines' step found and what the model server said stand in one table."""
    assert collect(world).versions == {"etcd": "3.6.5", "Triton": "2.56.0 (triton)"}
    assert "2.56.0 (triton)" in write_report(world).read_text()


def test_json_and_junit_say_the_same(world: World) -> None:
    """A failed check makes the verdict `failed` in all three forms."""
    record = StepRecord(name="late", title="Late", status=Status.DONE, finished=datetime.now(UTC))
    record.check("changes", expected=0, actual=2)
    record.save(world.evidence, 9)
    page = write_report(world).read_text()
    assert '<span class="failed">failed</span>' in page
    assert json.loads((world.folder / "report.json").read_text())["verdict"] == "failed"
    suites = ElementTree.parse(world.folder / "junit.xml").getroot()  # noqa: S314 - written by this test
    assert sum(int(suite.attrib["failures"]) for suite in suites) == 1


def test_timeline_of_a_rehearsal_that_went_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engines were started again after the other steps: no bar may begin before zero."""
    records = load_records(world.evidence)
    again = records[0]
    again.started += timedelta(seconds=600)
    again.finished = again.started + timedelta(seconds=2)
    bars: list[float] = []
    monkeypatch.setattr(Axes, "barh", lambda *_, left=0.0, **__: bars.append(left))
    charts.timeline(records)
    assert min(bars) == 0
    assert max(bars) == 570
    again.save(world.evidence, 0)
    assert "begun 2026-11-22 12:00 UTC" in write_report(world).read_text()


def test_report_of_a_rehearsal_that_has_not_begun(tmp_path: Path) -> None:
    """Without evidence there is still a page that says so."""
    world = World(id="empty", environment="dev", region="eu-west-1", slot=0, folder=tmp_path)
    assert "unfinished" in write_report(world).read_text()
