"""Workflows are safe by their form: linters are content, and what they cannot see is checked here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from groundplan.preview import markdown
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.toolchain.tools import PULUMI_VERSION
from groundplan.rehearsal.world import PROJECT_ROOT, cache_folder

FOLDER = PROJECT_ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
each = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def _document(file: Path) -> dict[str, Any]:
    # YAML 1.1 reads the key `on` as true.
    return {("on" if key is True else key): value for key, value in yaml.safe_load(file.read_text()).items()}


def test_actionlint_is_content() -> None:
    """Syntax, expressions, and names of inputs and outputs."""
    linter = Toolbox(cache_folder(), print).obtain("actionlint")
    done = subprocess.run(
        [linter, "-no-color", *map(str, FILES)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_is_content() -> None:
    """Injection, rights, pinning, untrusted triggers; the one exception gives its reason on its line."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    linter = shutil.which("zizmor", path=places)
    assert linter, "run: make setup-test"
    words = [linter, "--offline", "--pedantic", "--no-progress", str(FOLDER)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@each
def test_actions_are_pinned_by_hash(file: Path) -> None:
    """Each `uses` names a whole commit hash and, for people, its release."""
    uses = re.findall(r"uses: (.*)", file.read_text())
    assert [use for use in uses if not PINNED.fullmatch(use)] == []


def test_one_action_has_one_hash() -> None:
    """All workflows use an action at the same commit."""
    uses = {use for file in FILES for use in re.findall(r"uses: (\S+)", file.read_text())}
    assert len({use.split("@")[0] for use in uses}) == len(uses)


@each
def test_rights_are_given_job_by_job(file: Path) -> None:
    """A workflow has no rights; each job names its own, and no job may write code."""
    document = _document(file)
    assert document["permissions"] == {}
    for job in document["jobs"].values():
        assert job["permissions"]
        assert job["permissions"].get("contents", "read") == "read"
        assert job["timeout-minutes"] <= 180


@each
def test_pull_requests_get_no_credential(file: Path) -> None:
    """What runs a pull request's code, forks included, has a token that reads, no login and no secret."""
    document = _document(file)
    if "pull_request" not in document["on"]:
        return
    assert "secrets." not in file.read_text()
    for job in document["jobs"].values():
        assert job["permissions"] == {"contents": "read"}
        assert "environment" not in job


def test_no_code_of_a_pull_request_meets_a_right_to_write() -> None:
    """Only the commenting workflow may write, and it neither checks out nor runs anything."""
    writers = [
        file.stem
        for file in FILES
        for job in _document(file)["jobs"].values()
        if "write" in {job["permissions"].get(right) for right in ("pull-requests", "contents", "issues")}
    ]
    assert writers == ["preview-comment"]
    text = (FOLDER / "preview-comment.yml").read_text()
    assert "checkout" not in text
    assert " run: " not in text
    assert markdown.MARKER in text


def test_what_was_approved_is_what_is_applied() -> None:
    """The plan is saved before the approval, compared by its digest after it; the update is held to it."""
    jobs = _document(FOLDER / "deploy.yml")["jobs"]
    planned, applied = (yaml.safe_dump(jobs[name], width=1000) for name in ("plan", "apply"))
    assert jobs["apply"]["needs"] == "plan"
    assert "--save-plan plan.json" in planned
    assert "pulumi up" not in planned
    assert "sha256sum --check --strict" in applied
    assert "--plan plan.json" in applied
    assert jobs["plan"]["environment"] != jobs["apply"]["environment"]


@each
def test_the_cli_is_the_one_that_is_rehearsed(file: Path) -> None:
    """Where the official CLI is installed, it has the version of our engines."""
    assert set(re.findall(r"pulumi-version: (\S+)", file.read_text())) <= {PULUMI_VERSION}
