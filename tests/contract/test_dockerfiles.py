"""What the Dockerfile and the requirements of every service must keep to."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from groundplan.rehearsal.images.recipes import SERVICES_FOLDER, Recipe, all_recipes
from groundplan.rehearsal.images.release import SERVICES

every_service = pytest.mark.parametrize("service", SERVICES)


def _instructions(service: str) -> list[tuple[str, str]]:
    text = (SERVICES_FOLDER / service / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in joined]


def test_every_folder_with_a_dockerfile_is_a_service() -> None:
    """None is forgotten by the release."""
    assert {file.parent.name for file in SERVICES_FOLDER.glob("*/Dockerfile")} == set(SERVICES)


@pytest.mark.parametrize("recipe", all_recipes(), ids=lambda recipe: recipe.name)
def test_hadolint_is_content(recipe: Recipe) -> None:
    """The linter of Dockerfiles has nothing to say, about services or about the rehearsal's bases."""
    linter = Path(sys.executable).with_name("hadolint")
    dockerfile = recipe.dockerfile
    # A base has Debian's versions: the suite decides them, and the image's record keeps them.
    rules = [] if recipe.is_service else ["--ignore", "DL3008"]
    done = subprocess.run([linter, *rules, dockerfile], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@every_service
def test_base_is_the_builders_choice(service: str) -> None:
    """The base comes by BASE_IMAGE, which has no default, so that no tag can be forgotten in it."""
    instructions = _instructions(service)
    assert instructions[:2] == [("ARG", "BASE_IMAGE"), ("FROM", "${BASE_IMAGE}")]
    assert [name for name, _ in instructions].count("FROM") == 1


@every_service
def test_runs_as_a_numbered_user_from_an_exec_entry_point(service: str) -> None:
    """Kubernetes can see that the user is not root, and signals reach the program itself."""
    instructions = dict(_instructions(service))
    assert instructions["USER"] == "65532:65532"
    assert json.loads(instructions["ENTRYPOINT"]) == ["python", "-m", service]


@every_service
def test_writes_nowhere_but_to_tmp(service: str) -> None:
    """The root file system is read-only: home and working directory are the writable /tmp, no volume."""
    instructions = _instructions(service)
    assert ("WORKDIR", "/tmp") in instructions  # noqa: S108 - the container's
    assert any(name == "ENV" and "HOME=/tmp" in value.split() for name, value in instructions)
    assert "VOLUME" not in dict(instructions)


@every_service
def test_copies_only_what_decides_the_key(service: str) -> None:
    """A copied file that is no part of the image's key could change without a rebuild."""
    copied = {value.split()[0] for name, value in _instructions(service) if name == "COPY"}
    assert copied == {f"{service}/requirements.txt", "common/groundplan_common", f"{service}/{service}"}


@every_service
def test_requirements_are_pinned_by_hash(service: str) -> None:
    """Every package has one version and hashes; no line names an index; pip is told to insist."""
    text = (SERVICES_FOLDER / service / "requirements.txt").read_text()
    entries = [
        entry for entry in text.replace("\\\n", " ").splitlines() if not entry.lstrip().startswith("#")
    ]
    assert entries
    for entry in entries:
        assert re.match(r"^[a-z0-9.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", entry), entry
    assert "--require-hashes" in (SERVICES_FOLDER / service / "Dockerfile").read_text()


@every_service
def test_requirements_cover_what_is_asked_for(service: str) -> None:
    """The pinned file was compiled after the last change of what is asked for."""
    folder = SERVICES_FOLDER / service
    asked = {
        line.strip()
        for line in (folder / "requirements.in").read_text().splitlines()
        if not line.startswith("#")
    }
    pinned = set(re.findall(r"^([a-z0-9.-]+)==", (folder / "requirements.txt").read_text(), re.MULTILINE))
    assert asked <= pinned
