"""Each prepared pull request gives its reviewed comment, from what the real engine said of it."""

from __future__ import annotations

import pytest

from groundplan.preview import markdown
from groundplan.preview.findings import Section, Weight
from groundplan.preview.report import EnvironmentDiff
from groundplan.rehearsal.world import PROJECT_ROOT
from tests.pull_requests import recordings
from tests.pull_requests.definitions import PULL_REQUESTS, PullRequest
from tests.pull_requests.patched import edited

each = pytest.mark.parametrize("pull_request", PULL_REQUESTS, ids=lambda each: each.name)


def diff_of(name: str) -> EnvironmentDiff:
    """The diff of a prepared pull request."""
    (pull_request,) = [each for each in PULL_REQUESTS if each.name == name]
    (diff,) = recordings.load(name, pull_request.environment).environments
    return diff


def texts(diff: EnvironmentDiff, section: Section) -> str:
    """What findings of a section say, in one text."""
    return "\n".join("\n".join((each.text, *each.facts)) for each in diff.of(section))


@each
def test_comment_is_the_reviewed_one(pull_request: PullRequest) -> None:
    """A difference is a changed renderer or reviewer: look at it, then record the golden file anew."""
    comment = markdown.render(recordings.load(pull_request.name, pull_request.environment))
    golden = recordings.GOLDEN / f"{pull_request.name}.md"
    assert comment == golden.read_text(encoding="utf-8")


@each
def test_edits_fit_the_program_of_today(pull_request: PullRequest) -> None:
    """Each old text is still there once, so that the pull request can be recorded anew."""
    for name, edits in pull_request.edits.items():
        text = (PROJECT_ROOT / name).read_text(encoding="utf-8")
        assert edited(text, edits) != text


def test_there_are_enough() -> None:
    """At least fifteen, with golden files for them and for nothing else."""
    names = {each.name for each in PULL_REQUESTS}
    assert len(names) >= 15
    assert {file.stem for file in recordings.GOLDEN.glob("*.md")} == names
    assert {file.stem for file in recordings.FOLDER.glob("*.json")} == names


def test_a_description_is_one_change() -> None:
    """A changed text of one resource shows as one update of one property, and as nothing to look at."""
    diff = diff_of("description")
    (change,) = diff.changes
    assert change.operation == "update"
    assert [prop.path for prop in change.properties] == ["description"]
    assert diff.findings == ()


def test_reordered_settings_are_no_change() -> None:
    """The order of keys means nothing."""
    assert not diff_of("settings-reordered").changed


def test_a_renamed_bucket_loses_its_objects() -> None:
    """The first line says so, with the property that forces it."""
    diff = diff_of("bucket-renamed")
    (finding,) = [each for each in diff.findings if each.weight is Weight.DANGER]
    assert finding.section is Section.DATA
    assert "loses its objects. Forced by: `bucket`" in finding.text


def test_a_removed_key_of_prod_is_refused() -> None:
    """The engine stops at a protected resource; that is an answer, not a failure."""
    diff = diff_of("key-removed")
    assert {each.subject.split()[1] for each in diff.of(Section.REFUSED)} == {"Key", "Vault"}
    assert "everything that it encrypts" in texts(diff, Section.DATA)


def test_a_wider_role_names_what_it_gains() -> None:
    """Actions and resources that it did not have."""
    said = texts(diff_of("wider-role"), Section.ACCESS)
    assert "+ iam:PassRole, kms:* on *" in said


def test_a_new_subject_of_ci_is_named_alone() -> None:
    """Of a list that grew, only what is new is shown."""
    said = texts(diff_of("ci-subject"), Section.ACCESS)
    assert "repo:groundplan/groundplan:ref:refs/heads/main" in said
    assert "environment:dev" not in said


def test_unprotected_data_is_told() -> None:
    """Protection is no property of the cloud; the engine's own step shows it."""
    said = texts(diff_of("unprotected"), Section.PROTECTION)
    assert "protect: true -> false" in said
    assert "deletionProtection: true -> false" in said
    assert diff_of("unprotected").counts["replace"] == 0
