"""The region of a small prod is lost: the runbook brings it up in the second one, and losses are measured.

It is prod with one tenant, in a copy of the project; the last backup is assumed older than the target allows.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from groundplan.errors import ExitCode
from groundplan.rehearsal import leftovers
from groundplan.rehearsal.world import PROJECT_ROOT

pytestmark = [pytest.mark.rehearsal, pytest.mark.timeout(1500)]

ID = "test-recovery"
DELAY_S, WRITE_S, BACKUP_AGE_MINUTES = 3, 12, 2000
_ELSEWHERE = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", "__pycache__", "rehearsals", "tests", "benchmarks", "audits"
)


def _small(config: dict[str, Any]) -> None:
    """One tenant on one pool, and little that holds no data."""
    platform = config["groundplan:platform"]
    vision = platform["tenants"]["vision"] | {"pool": "gpu"}
    platform["tenants"] = {"vision": vision}
    nodes = {"min": 1, "desired": 1, "max": 8}
    # Both regions have this type in all zones.
    platform["gpu_pools"] = {"gpu": {"instance_type": "g5.12xlarge", "nodes": nodes}}
    platform["operations"]["tenant_budgets_usd"] = {}
    platform["elastic_pools"] = {"cpu": platform["elastic_pools"]["cpu"]}
    platform["streaming"] = {"form": "serverless"}
    del vision["streaming"]
    platform["data_stores"]["database"]["instances"] = 2
    platform["network"]["endpoints"] = []
    platform["audit"]["account_services"] = False
    del platform["edge"]


@dataclass(frozen=True)
class Drill:
    """What the command came to.

    Args:
        folder: the project that it ran in.
        exit_code: its exit code.
        document: what it printed.
    """

    folder: Path
    exit_code: int
    document: dict[str, Any]

    def figures(self, step: str) -> dict[str, Any]:
        """What a step noted."""
        return next(record["figures"] for record in self.document["steps"] if record["name"] == step)


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> Generator[Drill]:
    """Lose the region and come back."""
    leftovers.remove(ID)
    folder = tmp_path_factory.mktemp("project") / "copy"
    shutil.copytree(PROJECT_ROOT, folder, ignore=_ELSEWHERE)
    (folder / ".venv").symlink_to(sys.prefix)
    file = folder / "stacks" / "Pulumi.prod.yaml"
    stack = yaml.safe_load(file.read_text())
    _small(stack["config"])
    file.write_text(yaml.safe_dump(stack))
    words = ["rehearse", "recovery", "prod", "--id", ID, "--json", "--write-s", str(WRITE_S)]
    words += ["--replication-delay-s", str(DELAY_S), "--backup-age-minutes", str(BACKUP_AGE_MINUTES)]
    done = subprocess.run(
        [sys.executable, "-m", "groundplan", *words], cwd=folder, stdout=subprocess.PIPE, check=False
    )
    try:
        assert done.stdout, "it was not played to its end: see above"
        yield Drill(folder, done.returncode, json.loads(done.stdout))
    finally:
        leftovers.remove(ID)


def test_every_step_is_played(drill: Drill) -> None:
    """To its end, although a target was missed."""
    assert {record["name"]: record["status"] for record in drill.document["steps"]} == dict.fromkeys(
        ("prepare", "engines", "provision", "back-up", "lose", "recover", "measure", "stop"), "done"
    )


def test_only_the_old_backup_is_too_much(drill: Drill) -> None:
    """It misses its target, by what was assumed; the exit code says so. Nothing else is amiss."""
    failed = [
        check["what"]
        for record in drill.document["steps"]
        for check in record["checks"]
        if not check["passed"]
    ]
    assert failed == ["data loss of the database"]
    assert drill.exit_code == ExitCode.DEPLOYMENT
    database = drill.document["targets"][2]
    assert database["measured_s"] == pytest.approx(BACKUP_AGE_MINUTES * 60, abs=WRITE_S + 30)


def test_the_lake_loses_what_was_under_way(drill: Drill) -> None:
    """As many seconds as replication is late, and the objects that were written in them."""
    lake = drill.document["lake"]
    assert DELAY_S - 2 <= lake["seconds"] <= DELAY_S
    assert 0 < lake["objects"] < lake["written"]


def test_the_database_begins_with_the_copied_backup(drill: Drill) -> None:
    """The one that the plan's copy put into the second region's vault."""
    assert drill.figures("back-up")["copies"] == [drill.document["recovery_point"]]


def test_each_section_of_the_runbook_was_timed(drill: Drill) -> None:
    """The sum of them is the recovery time."""
    seconds = drill.document["seconds_by_section"]
    assert list(seconds) == [
        "Find the newest backup",
        "Bring the platform up",
        "Fill the lake",
        "See that it is there",
    ]
    assert drill.figures("recover")["recovery_s"] == pytest.approx(sum(seconds.values()), abs=1)


def test_the_project_is_left_as_it_was(drill: Drill) -> None:
    """The stack file of the second region is written where the drill types."""
    assert not (drill.folder / "stacks" / "Pulumi.prod-dr.yaml").exists()
