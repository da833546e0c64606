"""`groundplan plan`: tables and JSON on stdout, a chart, messages that name file, key and what is allowed."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from groundplan.errors import ExitCode, GroundplanError
from groundplan.plan import price_store
from groundplan.plan.command import run
from groundplan.rehearsal.world import PROJECT_ROOT
from infra.planning.cost import LEFT_OUT
from infra.planning.prices import offline_prices

EXAMPLE = PROJECT_ROOT / "docs" / "how-to" / "figures.yaml"
GUIDE = EXAMPLE.with_name("plan-capacity-and-cost.md")
Change = Callable[[dict[str, Any]], object]


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDPLAN_CACHE", str(tmp_path / "cache"))


def _changed(tmp_path: Path, change: Change) -> Path:
    figures = copy.deepcopy(yaml.safe_load(EXAMPLE.read_text(encoding="utf-8")))
    change(figures)
    path = tmp_path / "figures.yaml"
    path.write_text(yaml.safe_dump(figures), encoding="utf-8")
    return path


def _plan(path: Path, **options: Any) -> None:
    defaults: dict[str, Any] = {"as_json": False, "chart": None, "refresh_prices": False}
    run(path, **{**defaults, **options})


def test_json_is_one_document() -> None:
    """The whole command, as a person runs it: the bill's lines add up to its total."""
    done = subprocess.run(
        [sys.executable, "-m", "groundplan", "plan", str(EXAMPLE), "--json"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    plan = json.loads(done.stdout)
    assert plan["platform"]["streaming"]["brokers"] == 3
    assert plan["monthly_usd"] == pytest.approx(sum(line["monthly_usd"] for line in plan["costs"]), abs=0.01)
    assert plan["prices"]["as_of"] == "2026-01-19"
    assert plan["left_out"] == list(LEFT_OUT)
    assert plan["refused"] == []


def test_what_is_not_in_the_price_is_said_where_people_look(capsys: pytest.CaptureFixture[str]) -> None:
    """In the guide, item by item, and under each bill; and what of the prices has no day."""
    assert [item for item in LEFT_OUT if f"- {item}\n" not in GUIDE.read_text(encoding="utf-8")] == []
    _plan(EXAMPLE)
    out = " ".join(capsys.readouterr().out.split())
    assert "the database (Aurora)" in out
    assert "without a recorded day" in out


def test_tables(capsys: pytest.CaptureFixture[str]) -> None:
    """Pools, bill, total, and the day of the prices."""
    _plan(EXAMPLE)
    out = capsys.readouterr().out
    for expected in (
        "3 x kafka.m7g.large",
        "ranking-training",
        "spot",
        "total",
        "2026-01-19",
        "--refresh-prices",
    ):
        assert expected in out


def test_chart_is_svg(tmp_path: Path) -> None:
    """A file that is XML and names the lines of the bill."""
    _plan(EXAMPLE, chart=tmp_path / "plan.svg")
    text = (tmp_path / "plan.svg").read_text(encoding="utf-8")
    assert ET.fromstring(text).tag.endswith("svg")  # noqa: S314 - we wrote it
    assert "EKS control plane" in text


@pytest.mark.parametrize("name", ["plan.png", "nowhere/plan.svg"])
def test_chart_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    """The message names the option and what is allowed."""
    with pytest.raises(GroundplanError, match=r"--chart .*allowed is") as caught:
        _plan(EXAMPLE, chart=tmp_path / name)
    assert caught.value.exit_code == ExitCode.CONFIG


WRONG: list[tuple[str, Change, str]] = [
    (
        "misspelt key",
        lambda f: f["use_cases"]["ranking"]["events"].update(per_secnd=1),
        "use_cases.ranking.events.per_secnd\n    given:   1\n    problem: there is no such key\n"
        "    allowed: one of per_second, bytes, retention_hours, consumer_groups, consumer_per_second; "
        "did you mean 'per_second'?",
    ),
    (
        "missing key",
        lambda f: f["use_cases"]["assistant"].pop("peak_factor"),
        "use_cases.assistant.peak_factor\n    problem: the key is missing\n"
        "    allowed: a number from 1 to 100.",
    ),
    (
        "text for a number",
        lambda f: f["use_cases"]["ranking"]["events"].update(bytes="big"),
        'use_cases.ranking.events.bytes\n    given:   "big"\n    problem: this is not a whole number\n'
        "    allowed: a whole number from 1 to 10485760",
    ),
    (
        "unknown instance type",
        lambda f: f["use_cases"]["assistant"]["serving"].update(instance_type="g6e.xlrge"),
        'use_cases.assistant.serving.instance_type\n    given:   "g6e.xlrge"',
    ),
    (
        "unknown unit",
        lambda f: f["use_cases"]["assistant"]["serving"].update(unit="words"),
        'given:   "words"\n    problem: the value is not known\n    allowed: one of tokens, images, rows',
    ),
    (
        "empty use case",
        lambda f: f["use_cases"].update(idle={"peak_factor": 1, "retention_days": 1}),
        "problem: the use case does nothing\n    allowed: events, data, serving or training",
    ),
    (
        "block without time zone",
        lambda f: f["use_cases"]["ranking"]["training"].update(
            capacity_block={"starts": "2027-03-01T08:00:00", "ends": "2027-03-02T08:00:00Z"}
        ),
        'use_cases.ranking.training.capacity_block.starts\n    given:   "2027-03-01T08:00:00"',
    ),
    (
        "block that ends first",
        lambda f: f["use_cases"]["ranking"]["training"].update(
            capacity_block={"starts": "2027-03-02T08:00:00Z", "ends": "2027-03-01T08:00:00Z"}
        ),
        "use_cases.ranking.training.capacity_block.ends",
    ),
    ("no region", lambda f: f.pop("region"), "region\n    problem: the key is missing"),
]


@pytest.mark.parametrize(("change", "message"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_wrong_figures(tmp_path: Path, change: Change, message: str) -> None:
    """Exit code 2, with file, key, value, what is allowed, and the next command."""
    path = _changed(tmp_path, change)
    with pytest.raises(GroundplanError) as caught:
        _plan(path)
    error = caught.value
    assert error.exit_code == ExitCode.CONFIG
    assert str(path) in error.message
    assert error.log is not None
    assert message in error.log
    assert error.hint is not None
    assert f"groundplan plan {path}" in error.hint


@pytest.mark.parametrize(
    ("content", "wrong"), [(None, "no such file"), ("a: [", "not YAML"), ("- 1", "not a mapping")]
)
def test_file_that_is_none(tmp_path: Path, content: str | None, wrong: str) -> None:
    """A missing file, broken YAML, a list."""
    path = tmp_path / "figures.yaml"
    if content:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(GroundplanError) as caught:
        _plan(path)
    assert caught.value.exit_code == ExitCode.CONFIG
    assert wrong in str(caught.value)


REFUSED: dict[str, Change] = {
    "efa-not-requested": lambda f: f["use_cases"]["ranking"]["training"].pop("efa_interfaces"),
    "efa-not-there": lambda f: f["use_cases"]["ranking"]["training"].update(instance_type="g6.xlarge"),
    "gpu-for-cpu-model": lambda f: f["use_cases"]["assistant"].update(model_parameters=1000),
    "above-obtainable-capacity": lambda f: f["account"].update(g_vcpus=64),
    "nat-to-s3": lambda f: f["account"].update(s3_gateway_endpoint=False),
    "block-ends-before-last-checkpoint": lambda f: f["use_cases"]["ranking"]["training"].update(
        run_hours=30, capacity_block={"starts": "2027-03-01T08:00:00Z", "ends": "2027-03-02T08:00:00Z"}
    ),
    "replica-fits-no-node": lambda f: f["use_cases"]["assistant"]["serving"].update(gpus_per_replica=2),
}


@pytest.mark.parametrize(("rule", "change"), REFUSED.items(), ids=REFUSED)
def test_refused_plan(rule: str, change: Change, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 5 for each rule; the JSON has the same refusal; the guide explains it."""
    path = _changed(tmp_path, change)
    with pytest.raises(GroundplanError) as caught:
        _plan(path, as_json=True)
    assert caught.value.exit_code == ExitCode.POLICY
    assert f"({rule})" in str(caught.value.log)
    assert [item["rule"] for item in json.loads(capsys.readouterr().out)["refused"]] == [rule]
    assert f"`{rule}`" in GUIDE.read_text(encoding="utf-8")


def test_region_without_offline_prices(tmp_path: Path) -> None:
    """The message lists the regions there are, and the way to fetch others."""
    path = _changed(tmp_path, lambda figures: figures.update(region="eu-west-1"))
    with pytest.raises(GroundplanError, match="'eu-west-1', only of us-east-1, eu-central-1") as caught:
        _plan(path)
    assert caught.value.exit_code == ExitCode.CONFIG
    assert "--refresh-prices" in str(caught.value.hint)


def test_fetched_prices_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was fetched once is used by later plans, with its date; a broken file counts as none."""
    fetched = offline_prices("us-east-1")
    monkeypatch.setattr(price_store, "_fetch", lambda region: fetched)  # noqa: ARG005 - the region is asserted by the file
    assert price_store.prices_for("us-east-1", refresh=True) == fetched
    kept = price_store.cache_folder() / "prices" / "us-east-1.json"
    kept.write_text(kept.read_text().replace("2026-01-19", "2026-02-01"), encoding="utf-8")
    later = price_store.prices_for("us-east-1", refresh=False)
    assert later.as_of == "2026-02-01"
    assert "days old" in later.notes[-1]
    assert later.compute == fetched.compute
    kept.write_text("{", encoding="utf-8")
    assert price_store.prices_for("us-east-1", refresh=False).as_of == "2026-01-19"


def test_refresh_without_credentials_is_exit_code_3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The message says which rights are needed."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(GroundplanError, match="no prices of eu-central-1") as caught:
        price_store.prices_for("eu-central-1", refresh=True)
    assert caught.value.exit_code == ExitCode.AUTH
    assert "pricing:GetProducts" in str(caught.value.hint)
