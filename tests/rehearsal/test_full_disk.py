"""A disk that fills up while a tool is built: said in plain words, and nothing half-written stays."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from groundplan.errors import GroundplanError
from groundplan.rehearsal.toolchain import GoTool, Toolbox

pytestmark = pytest.mark.rehearsal


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A file system of 256 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_full_disk_is_named(small_disk: Path, tmp_path: Path) -> None:
    """The program is larger than the disk: the message says so and how to get space."""
    module = tmp_path / "module"
    module.mkdir()
    (module / "go.mod").write_text("module example.com/large\n\ngo 1.25.0\n")
    (module / "main.go").write_text('package main\n\nfunc main() { println("hello") }\n')
    tool = GoTool(name="large", version="1.0.0", module=str(module), package="example.com/large")
    toolbox = Toolbox(small_disk, lambda _: None, tools={tool.name: tool})
    with pytest.raises(GroundplanError, match="disk is full") as failure:
        toolbox.obtain("large")
    assert "Free some GiB" in (failure.value.hint or "")
    assert [file for file in (small_disk / "tools").rglob("*") if file.is_file()] == []
