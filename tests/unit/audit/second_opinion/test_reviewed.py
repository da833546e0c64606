"""The file of reviewed answers: the real one, and wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from groundplan.audit.second_opinion import reviewed
from groundplan.errors import ExitCode, GroundplanError

RIGHT = """
answers:
  - {check: CKV_AWS_18, resource: "aws:s3/*", judgement: accepted, reason: it holds the logs itself}
"""


def test_file_of_the_project() -> None:
    """It is well-formed and not empty."""
    assert reviewed.read()


def test_no_file_is_no_answer(tmp_path: Path) -> None:
    """A project without one disagrees with nobody."""
    assert reviewed.read(tmp_path / "none.yaml") == ()


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("check: CKV_AWS_18", "check: S3.8", "answers.0.check: 'S3.8'"),
        ("judgement: accepted", "judgement: wrong", "answers.0.judgement"),
        ("reason: it holds the logs itself", "reason: no", "answers.0.reason"),
        ("judgement:", "judgment:", "answers.0.judgment"),
        ("answers:", "answer:", "answer"),
        ("{check", "check", "not YAML"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, named: str) -> None:
    """The key and what is wrong; exit code 2."""
    file = tmp_path / "second_opinion.yaml"
    file.write_text(RIGHT.replace(old, new, 1))
    with pytest.raises(GroundplanError) as caught:
        reviewed.read(file)
    assert named in str(caught.value)
    assert caught.value.exit_code is ExitCode.CONFIG


@pytest.mark.parametrize(
    ("rule", "named"), [("S3-99", "there is no rule 'S3-99'"), ("S3-03", "S3-03 is mapped to CKV_AWS_145")]
)
def test_answers_about_rules_that_say_nothing(rule: str, named: str) -> None:
    """A rule that is gone, or mapped to another check, needs no reason."""
    answer = reviewed.Answer(
        check="CKV_AWS_18", resource="*", judgement="accepted", reason="because of a test only", rule=rule
    )
    with pytest.raises(GroundplanError) as caught:
        reviewed.check_rules([answer], {"S3-03": ["CKV_AWS_145"]})
    assert named in str(caught.value)


def test_short_names() -> None:
    """Without stack, project and parents."""
    urn = "urn:pulumi:prod::groundplan::groundplan:aws:Lake$aws:s3/bucket:Bucket::groundplan-prod-raw"
    assert reviewed.short_name(urn) == "aws:s3/bucket:Bucket::groundplan-prod-raw"
