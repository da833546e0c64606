"""The diff on the engines: what was recorded of prepared pull requests is what the engine says today."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from typing import Any

import boto3
import pytest

from groundplan.errors import ExitCode, GroundplanError
from groundplan.preview import rehearsed
from groundplan.preview.changes import Change, changes_of
from groundplan.preview.checkouts import check_out
from groundplan.preview.document import Preview
from groundplan.preview.policies import policy_delta
from groundplan.progress import Progress
from groundplan.rehearsal import shell, worlds
from groundplan.rehearsal.rehearse import take_down
from groundplan.rehearsal.world import PROJECT_ROOT
from tests.pull_requests import recordings
from tests.pull_requests.definitions import PULL_REQUESTS
from tests.pull_requests.patched import patched

from .conftest import throw_away

pytestmark = [pytest.mark.rehearsal, pytest.mark.timeout(1500)]

SAMPLE = ("description", "settings-reordered", "bucket-renamed", "public-endpoint")
BOUNDARY = "groundplan-dev-persona-boundary"
BY_NAME = {each.name: each for each in PULL_REQUESTS}


@pytest.fixture(scope="module", autouse=True)
def world_of_its_own() -> Generator[None]:
    """A rehearsal beside those of a person, gone at the end."""
    patch = pytest.MonkeyPatch()
    patch.setattr(rehearsed, "world_id", lambda environment: f"test-diff-{environment}")
    throw_away("test-diff-dev")
    yield
    if worlds.root().joinpath("test-diff-dev", "world.json").exists():
        take_down("test-diff-dev", Progress())
    throw_away("test-diff-dev")
    patch.undo()


def previewed(name: str) -> Preview:
    """What the engine says of a prepared pull request of dev, on the last commit."""
    with patched(BY_NAME[name]) as head:
        return rehearsed.preview_on(check_out("HEAD"), head, "dev", Progress())


def essence(changes: tuple[Change, ...]) -> list[tuple[object, ...]]:
    """What does not differ from one account to another: resources, operations, paths, reasons."""
    return [
        (each.urn, each.operation, tuple((prop.path, prop.replaces) for prop in each.properties))
        for each in changes
        if not each.recorded
    ]


@pytest.mark.parametrize("name", SAMPLE)
def test_the_engine_says_what_was_recorded(name: str) -> None:
    """The same resources, operations, properties and reasons (else record it anew)."""
    (recorded,) = recordings.load(name, "dev").environments
    assert essence(changes_of(previewed(name))) == essence(recorded.changes)


@pytest.mark.parametrize(
    ("name", "broken", "kept"),
    [("public-bucket", {"S3-01"}, set()), ("new-gpu-pool", set(), {"EKS-06", "EKS-14"})],
)
def test_policies_see_what_stays_the_same(name: str, broken: set[str], kept: set[str]) -> None:
    """A bucket is judged by its changed block, new nodes with the subnets and the role that are there."""
    delta = policy_delta("dev", previewed(name))
    assert delta
    new = {finding.rule for finding in delta.new}
    assert broken <= new
    assert not kept & new


def test_a_second_diff_only_previews() -> None:
    """The applied base stays: the emulator, with the account in its memory, is the same process."""
    previewed("description")
    world = worlds.load("test-diff-dev")
    mark = (world.data / "applied-base.json").stat().st_mtime_ns
    previewed("description")
    assert (world.data / "applied-base.json").stat().st_mtime_ns == mark


def test_a_program_that_fails_is_told() -> None:
    """With the program's own message and exit code 4; the applied base stays usable."""
    with patched(BY_NAME["description"]) as head:
        file = head.folder / "infra" / "__main__.py"
        file.write_text(f"{file.read_text()}\nraise pulumi.RunError('no such luck')\n")
        with pytest.raises(GroundplanError, match="The preview of dev failed") as caught:
            rehearsed.preview_on(check_out("HEAD"), head, "dev", Progress())
    assert "no such luck" in str(caught.value)
    assert caught.value.exit_code == 4
    assert not changes_of(previewed("settings-reordered"))


def _audit(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and report of `groundplan audit dev`, in the shell that this process has."""
    words = [sys.executable, "-m", "groundplan", "audit", "dev", "--json", *arguments]
    done = subprocess.run(words, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def _blocking(report: dict[str, Any]) -> set[tuple[str, str]]:
    """Control and resource of every mandatory failure."""
    return {
        (control["id"], result["urn"].rpartition("::")[2])
        for control in report["controls"]
        for result in control["results"]
        if (result["outcome"], result["level"]) == ("fail", "mandatory")
    }


def _tamper() -> None:
    """Open a bucket and a policy by the account's own API, as somebody would in the console."""
    boto3.client("s3").put_public_access_block(
        Bucket="groundplan-dev-raw-123456789012",
        PublicAccessBlockConfiguration={
            **dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls"), True),
            **dict.fromkeys(("BlockPublicPolicy", "RestrictPublicBuckets"), False),
        },
    )
    statement = {"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}
    boto3.client("iam").create_policy_version(
        PolicyArn=f"arn:aws:iam::123456789012:policy/{BOUNDARY}",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        SetAsDefault=True,
    )


def test_audit_of_the_account_finds_what_the_state_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is changed behind Pulumi's back fails the intended rules, is named, and no state changes."""
    previewed("description")
    world = worlds.load("test-diff-dev")
    for name, value in shell.environment(world).items():
        monkeypatch.setenv(name, value)
    state_file = world.engine_data("pulumi") / "state" / ".pulumi" / "stacks" / "groundplan" / "dev.json"
    before = state_file.read_bytes()
    _tamper()

    code, report = _audit()
    assert (code, _blocking(report), report["drift"]) == (ExitCode.OK, set(), None)

    code, report = _audit("--live")
    assert code == ExitCode.POLICY
    assert _blocking(report) == {
        ("S3-01", "groundplan-dev-raw"),
        *((rule, BOUNDARY) for rule in ("IAM-01", "IAM-05", "IAM-06")),
    }
    drifted = {
        (each["urn"].rpartition("::")[2], prop["path"])
        for each in report["drift"]
        for prop in each["properties"]
    }
    assert drifted == {
        ("groundplan-dev-raw", "blockPublicPolicy"),
        ("groundplan-dev-raw", "restrictPublicBuckets"),
        (BOUNDARY, "policy.Statement"),
    }
    assert state_file.read_bytes() == before
