"""States of released versions: kept once, found by version, and their damage is named."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal.world import PROJECT_ROOT
from groundplan.upgrade import released

REAL = released.find(None).folder
STATE = {"version": 3, "deployment": {"resources": [{"urn": "urn:pulumi:dev::groundplan::x::y"}]}}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of version 0.10.0, with nothing released."""
    monkeypatch.setattr(released, "PROJECT_ROOT", tmp_path)
    monkeypatch.setattr(released, "FOLDER", tmp_path / "stacks" / "released")
    _version(tmp_path, "0.10.0")
    return tmp_path


def _version(project: Path, version: str) -> None:
    (project / "pyproject.toml").write_text(f'[project]\nname = "groundplan"\nversion = "{version}"\n')


def test_what_is_kept_is_found() -> None:
    """As it was, by version and environment; the same state is the same file, so that a diff shows none."""
    file = released.keep("dev", STATE)
    first = file.read_bytes()
    file.unlink()
    assert released.keep("dev", STATE).read_bytes() == first
    release = released.find("0.10.0")
    assert release.environments == ("dev",)
    assert release.state("dev") == STATE


def test_the_latest_is_by_number(project: Path) -> None:
    """0.10.0 is later than 0.9.0, though its text comes first."""
    released.keep("dev", STATE)
    _version(project, "0.9.0")
    released.keep("dev", STATE)
    assert [each.version for each in released.releases()] == ["0.9.0", "0.10.0"]
    assert released.find(None).version == "0.10.0"


def test_a_release_is_never_written_again() -> None:
    """Else an upgrade would be checked against what was never released."""
    released.keep("dev", STATE)
    with pytest.raises(GroundplanError, match=r"0\.10\.0 was released already") as refusal:
        released.keep("dev", {})
    assert "project.version" in str(refusal.value)
    assert released.find(None).state("dev") == STATE


@pytest.mark.parametrize("content", [b"", b"no gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00"])
def test_damage_is_named(content: bytes) -> None:
    """With the file, and how to get it back."""
    file = released.keep("dev", STATE)
    file.write_bytes(content)
    with pytest.raises(GroundplanError, match=r"stacks/released/0\.10\.0/dev\.json\.gz is damaged") as found:
        released.find(None).state("dev")
    assert found.value.exit_code == ExitCode.CONFIG
    assert "git checkout -- stacks/released/0.10.0/dev.json.gz" in str(found.value)


def test_unknown_names() -> None:
    """A version and an environment, each with what is allowed."""
    with pytest.raises(GroundplanError, match=r"--from 1\.0: no such version.*\nAllowed: none yet"):
        released.find("1.0")
    released.keep("dev", STATE)
    with pytest.raises(GroundplanError, match=r"--from 1\.0: no such version.*\nAllowed: 0\.10\.0\."):
        released.find("1.0")
    with pytest.raises(GroundplanError, match=r"--env live: .*\nAllowed: dev\.") as missing:
        released.find(None).state("live")
    assert missing.value.exit_code == ExitCode.NO_STACK


def test_every_environment_was_released() -> None:
    """What is in the repository: the states of the last release, each of the stack that its name says."""
    stacks = {file.name.split(".")[1] for file in (PROJECT_ROOT / "stacks").glob("Pulumi.*.yaml")}
    for environment in stacks:
        text = gzip.decompress((REAL / f"{environment}.json.gz").read_bytes()).decode()
        urns = [each["urn"] for each in json.loads(text)["deployment"]["resources"]]
        assert all(urn.startswith(f"urn:pulumi:{environment}::groundplan::") for urn in urns)
        assert "sourcePosition" not in text
