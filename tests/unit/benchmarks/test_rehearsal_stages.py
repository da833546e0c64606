"""The table of the rehearsal's stages has the goals of cold and of warm runs."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from groundplan.rehearsal.world import PROJECT_ROOT


@pytest.fixture
def stages() -> ModuleType:
    """The benchmark, which is a script and no part of a package."""
    file = PROJECT_ROOT / "benchmarks" / "rehearsal_stages.py"
    specification = importlib.util.spec_from_file_location("rehearsal_stages", file)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_both_goals_are_printed(stages: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """Each kind of run stands beside its own goal, also when both were run."""
    medians = {
        "cold": {"engines": 70.0, "publish": 3.0, "all": 2800.0},
        "warm": {"engines": 40.0, "publish": 2.0, "all": 550.0},
    }
    stages._print(medians)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows == [
        ["stage", "cold", "goal", "warm", "goal"],
        ["engines", "70.0", "40.0", "60"],
        ["publish", "3.0", "2.0"],
        ["all", "2800.0", "3000", "550.0", "600"],
    ]
