"""`groundplan diff` as people and CI use it: data on stdout, files, exit codes, clear messages."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from groundplan.errors import ExitCode, GroundplanError
from groundplan.preview import checkouts, kubernetes
from groundplan.preview.command import Request, run
from groundplan.preview.comparison import priced
from groundplan.preview.document import State
from groundplan.rehearsal import rehearse
from groundplan.rehearsal.world import PROJECT_ROOT

from .previews import preview, step, written

BUCKET = "aws:s3/bucket:Bucket"
RENAMED = preview(step("replace", BUCKET, {"bucket": "a"}, {"bucket": "b"}, replaceReasons=["bucket"]))
SAME = preview(step("same", "pulumi:pulumi:Stack", {}, {}))


def request(**given: Any) -> Request:
    """A request with nothing asked for but what is given."""
    nothing: dict[str, Any] = {
        "base": None,
        "environments": (),
        "from_preview": None,
        "page": None,
        "comment": None,
        "as_json": False,
        "expect_no_changes": False,
    }
    return Request(**{**nothing, **given})


def refused(asked: Request) -> GroundplanError:
    """The error that a request ends with."""
    with pytest.raises(GroundplanError) as caught:
        run(asked)
    assert caught.value.hint
    return caught.value


def test_a_preview_becomes_comment_and_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same text on stdout and in the file; the page beside it."""
    page, comment = tmp_path / "diff.html", tmp_path / "diff.md"
    run(request(from_preview=written(tmp_path, RENAMED), page=page, comment=comment))
    assert capsys.readouterr().out == comment.read_text()
    assert "| prod | 0 | 0 | **1** | 0 | 🔴 1 |" in comment.read_text()
    assert "loses its objects" in page.read_text()


def test_json_is_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing else is on stdout."""
    run(request(from_preview=written(tmp_path, RENAMED), as_json=True))
    document = json.loads(capsys.readouterr().out)
    assert document["environments"][0]["counts"] == {"create": 0, "update": 0, "replace": 1, "delete": 0}
    assert document["environments"][0]["changes"][0]["replaced_by"] == ["bucket"]


def test_unexpected_changes_are_exit_code_7(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only where none were expected, and after the report."""
    file = written(tmp_path, RENAMED)
    run(request(from_preview=file))
    with pytest.raises(GroundplanError) as caught:
        run(request(from_preview=file, expect_no_changes=True))
    assert caught.value.exit_code == ExitCode.UNEXPECTED_CHANGES
    assert "loses its objects" in capsys.readouterr().out
    run(request(from_preview=written(tmp_path, SAME), expect_no_changes=True))


def test_a_newly_broken_mandatory_policy_is_exit_code_5(tmp_path: Path) -> None:
    """After the report; one that is broken on both sides, or mended, does not block."""
    on, off = {"enableKeyRotation": True}, {"enableKeyRotation": False}
    comment = tmp_path / "diff.md"

    def asked(old: dict[str, Any], new: dict[str, Any]) -> Request:
        file = written(tmp_path, preview(step("update", "aws:kms/key:Key", old, new)))
        return request(from_preview=file, comment=comment)

    assert refused(asked(on, off)).exit_code == ExitCode.POLICY
    assert "`KMS-01` `kms Key it`: `enableKeyRotation: rotation is off`" in comment.read_text()
    run(asked(off, {**off, "description": "of both sides"}))
    run(asked(off, on))
    assert "1 fixed" in comment.read_text()


def _text(content: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        file = folder / "preview.json"
        file.write_text(content)
        return file

    return write


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: folder / "absent.json", "No such file"),
        (lambda folder: folder, "Is a directory"),
        (_text(""), "the document"),
        (_text("not json"), "the document"),
        (_text("[]"), "the document"),
        (_text('{"steps": 7}'), "steps"),
        (_text('{"steps": [{"op": "create"}]}'), "steps.0.urn"),
        (_text('{"steps": []}'), "changeSummary is missing"),
        (_text('{"a": "secret-canary"}'), "changeSummary is missing"),
        (
            _text('{"diagnostics": [{"severity": "error", "message": "error: no credentials"}]}'),
            "the preview failed",
        ),
    ],
)
def test_what_is_no_preview_is_exit_code_2(make: Callable[[Path], Path], said: str, tmp_path: Path) -> None:
    """The message names the file and what is wrong; the hint says how to make one; no value is repeated."""
    error = refused(request(from_preview=make(tmp_path)))
    assert error.exit_code == ExitCode.CONFIG
    assert str(tmp_path) in error.message
    assert said in error.message
    assert "canary" not in str(error)


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ({}, ExitCode.CONFIG, "give a BASE"),
        ({"base": "no-such-branch"}, ExitCode.CONFIG, "'no-such-branch'"),
        ({"base": "--upload-pack=x"}, ExitCode.CONFIG, "dash"),
        ({"base": "HEAD", "environments": ("moon",)}, ExitCode.NO_STACK, "stacks/Pulumi.moon.yaml"),
    ],
)
def test_wrong_arguments_are_told(given: dict[str, Any], code: ExitCode, said: str) -> None:
    """Before anything is started."""
    error = refused(request(**given))
    assert error.exit_code == code
    assert said in error.message


def test_a_preview_of_another_stack_is_exit_code_2(tmp_path: Path) -> None:
    """So that dev's preview is never shown as prod's."""
    error = refused(request(from_preview=written(tmp_path, RENAMED), environments=("dev",)))
    assert error.exit_code == ExitCode.CONFIG
    assert "the stack prod" in error.message


def test_a_file_that_cannot_be_written_is_exit_code_2(tmp_path: Path) -> None:
    """The message names the option."""
    error = refused(request(from_preview=written(tmp_path, SAME), page=tmp_path / "no" / "diff.html"))
    assert error.exit_code == ExitCode.CONFIG
    assert "--html" in error.message


def test_without_root_rights_is_exit_code_3(monkeypatch: pytest.MonkeyPatch) -> None:
    """A base needs a rehearsal, and that needs root."""
    monkeypatch.setattr(rehearse.os, "geteuid", lambda: 1000)
    assert refused(request(base="HEAD", environments=("dev",))).exit_code == ExitCode.AUTH


def test_a_checkout_has_the_files_of_its_commit() -> None:
    """Laid out once; the clone is only read, and Pulumi finds an interpreter."""
    before = subprocess.run(["git", "worktree", "list"], cwd=PROJECT_ROOT, capture_output=True, check=True)
    base = checkouts.check_out("HEAD")
    after = subprocess.run(["git", "worktree", "list"], cwd=PROJECT_ROOT, capture_output=True, check=True)
    assert before.stdout == after.stdout
    assert checkouts.check_out(base.commit) == base
    assert (base.folder / ".venv" / "bin" / "python").exists()
    (base.folder / ".venv").unlink()
    (base.folder / ".venv").symlink_to("/of/a/clone/that/is/gone")
    assert (checkouts.check_out(base.commit).folder / ".venv" / "bin" / "python").exists()
    assert {"dev", "prod", "staging"} <= set(base.environments)
    assert set(base.services) == {"ingest", "training", "inference"}


def test_equal_settings_cost_the_same() -> None:
    """And both are priced at all."""
    head = checkouts.working_tree()
    price, notes = priced(head, head, "prod")
    assert price
    assert notes == ()
    assert not price.changed
    assert price.before_usd > 10_000
    assert price.most_after_usd > price.after_usd


def test_unreadable_settings_are_not_priced(tmp_path: Path) -> None:
    """The note says so; the diff goes on."""
    base = checkouts.Checkout(folder=tmp_path)
    price, (note,) = priced(base, checkouts.working_tree(), "prod")
    assert price is None
    assert "prod is not priced" in note


def _object(**inputs: Any) -> State:
    return State(type="kubernetes:apps/v1:Deployment", custom=True, inputs=inputs)


def test_objects_are_compared_by_urn() -> None:
    """What forces a replacement is what our Kubernetes provider says; unknown on both sides is equal."""
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    names = ("new", "gone", "renamed", "scaled", "unknown")
    new, gone, renamed, scaled, hidden = (f"urn:pulumi:dev::groundplan::t::{name}" for name in names)
    before = {
        gone: _object(),
        renamed: _object(metadata={"name": "a"}),
        scaled: _object(spec={"replicas": 1}),
        hidden: _object(spec={"x": unknown}),
    }
    after = {
        new: _object(),
        renamed: _object(metadata={"name": "b"}),
        scaled: _object(spec={"replicas": 2}),
        hidden: _object(spec={"x": unknown}),
    }
    found = {each.urn: each for each in kubernetes.compare_recordings(before, after)}
    assert {urn: each.operation for urn, each in found.items()} == {
        new: "create",
        gone: "delete",
        renamed: "replace",
        scaled: "update",
    }
    assert found[renamed].replaced_by == ("metadata.name",)
    assert all(each.recorded for each in found.values())
