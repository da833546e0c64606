"""What the report calls a version is what was used."""

from __future__ import annotations

import shutil
import subprocess
from importlib import metadata
from pathlib import Path

import pytest

from groundplan.rehearsal import images, versions
from groundplan.rehearsal.engines import all_engines
from groundplan.rehearsal.toolchain import Toolbox, mirror

RELEASE = images.Release(images={"training": "sha256:" + "a" * 64})
BASES = {
    "torch": {"python3-torch": "2.6.0"},
    "triton": {"python3-onnxruntime": "1.21.0"},
    "python": {"python3": "3.13.5"},
}


@pytest.fixture
def toolbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toolbox:
    """An empty cache, and a mirror with an older provider than the one that is pinned."""
    target = tmp_path / "mirror" / "registry.terraform.io" / "hashicorp" / "aws" / "5.100.0"
    program = target / mirror.target_folder() / "terraform-provider-aws_v5.100.0_x5"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv(mirror.VARIABLE, str(tmp_path / "mirror"))
    monkeypatch.setattr(images, "packages", lambda _: BASES)
    return Toolbox(tmp_path / "cache", lambda _: None)


def test_a_mirrors_provider_is_shown_in_its_own_version(toolbox: Toolbox) -> None:
    """Not in the version that is pinned and would have been built."""
    shown = versions.used(toolbox, all_engines(), RELEASE)
    assert shown["aws-provider"] == "terraform-provider-aws 5.100.0 (mirror)"


def test_everything_that_worked_has_a_version(toolbox: Toolbox) -> None:
    """Engines, SDKs, frameworks in the images, and the images by digest."""
    shown = versions.used(toolbox, all_engines(), RELEASE)
    assert {engine.name for engine in all_engines()} <= set(shown)
    for name in ("pulumi", "pulumi-aws", "pulumi-kubernetes"):
        assert shown[f"{name} (Python SDK)"] == metadata.version(name)
    assert (shown["PyTorch"], shown["ONNX Runtime"]) == ("2.6.0", "1.21.0")
    assert shown["image training"] == RELEASE.images["training"]
    assert all(shown.values())


@pytest.mark.skipif(shutil.which("runc") is None, reason="runc comes with the Debian packages of `make`")
def test_debians_tools_have_the_version_of_their_package(toolbox: Toolbox) -> None:
    """Debian decides it, so Debian is asked."""
    query = ["dpkg-query", "--show", "--showformat=${Version}", "runc"]
    said = subprocess.run(query, check=True, capture_output=True, text=True).stdout
    assert versions.tool_version(toolbox, "runc") == f"{said} (debian)"


def test_a_tool_that_is_not_there_is_left_out(toolbox: Toolbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """No version is made up for it."""
    monkeypatch.setattr(toolbox, "find", lambda _: None)
    assert versions.tool_version(toolbox, "pulumi") is None
    assert "pulumi" not in versions.used(toolbox, all_engines(), RELEASE)
