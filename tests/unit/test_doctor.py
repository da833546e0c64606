"""The doctor: every tool is listed, and what is missing has a remedy."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from groundplan import doctor
from groundplan.rehearsal import processes, worlds
from groundplan.rehearsal.toolchain import TOOLS, GoTool
from groundplan.rehearsal.world import PROJECT_ROOT


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, no rehearsals, and a PATH with nothing of ours."""
    monkeypatch.setenv("GROUNDPLAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
    monkeypatch.setattr(worlds, "root", lambda: tmp_path / "rehearsals")


def test_every_tool_is_listed() -> None:
    """Each tool of the table is one check; one that is built by itself is no obstacle."""
    checks = {check.name: check for check in doctor.examine()}
    assert set(TOOLS) <= set(checks)
    for name, tool in TOOLS.items():
        if isinstance(tool, GoTool) and checks[name].found == "none":
            assert checks[name].ok
            assert "Built" in checks[name].remedy


def test_what_is_not_ok_has_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """No finding leaves the reader alone: with no program on PATH and no space, each says what to do."""
    monkeypatch.setattr(doctor, "_DISK_TO_BUILD_GIB", 10**6)
    monkeypatch.setattr(doctor, "_MEMORY_GIB", 10**6)
    checks = doctor.examine()
    wrong = {check.name for check in checks if not check.ok}
    assert {"free disk (cache)", "free disk (project)", "free memory"} <= wrong
    assert [check.name for check in checks if not check.ok and not check.remedy] == []


@pytest.fixture
def lost_process() -> Generator[subprocess.Popen[bytes]]:
    """A process of a rehearsal whose folder is gone."""
    with subprocess.Popen(["sleep", "60"], env={processes.MARKER: "doctor-lost", "PATH": "/bin"}) as process:
        yield process
        process.kill()


@pytest.mark.usefixtures("lost_process")
def test_dead_rehearsal_is_reported() -> None:
    """Left-overs are counted, with the command that removes them."""
    found = {check.name: check for check in doctor.examine()}["rehearsal doctor-lost"]
    assert not found.ok
    assert "1 process" in found.found
    assert found.remedy == "groundplan rehearse down doctor-lost"


def test_readme_asks_for_what_the_doctor_asks_for() -> None:
    """Whoever has what the first page names is not told something else afterwards."""
    text = (PROJECT_ROOT / "README.md").read_text()
    assert f"{doctor._CPUS} cores" in text
    assert f"GiB of memory with {doctor._MEMORY_GIB} free" in text
    assert f"{doctor._DISK_TO_BUILD_GIB} GiB of free disk" in text


def test_ports_are_looked_at() -> None:
    """No port of the machine is needed but any free one."""
    found = {check.name: check for check in doctor.examine()}["ports"]
    assert found.ok
    assert "127.0.0.1" in found.needed
