"""The comment and the page: safe for what a pull request may hold, and bounded."""

from __future__ import annotations

import json
from dataclasses import replace

from groundplan.preview import html, markdown
from groundplan.preview.policies import PolicyDelta, PolicyFinding
from groundplan.preview.report import DiffReport, EnvironmentDiff
from groundplan.preview.reviewers import review
from tests.pull_requests import recordings

from .previews import changes, step

HOSTILE = "`</code><script>alert(1)</script> @everyone [x](javascript:y) ```\n## owned"
BUCKET = "aws:s3/bucket:Bucket"


def report(*steps: dict, policy: PolicyDelta | None = None) -> DiffReport:
    """A report about one environment."""
    found = changes(*steps)
    diff = EnvironmentDiff(environment="prod", changes=found, findings=review(found), policy=policy)
    return DiffReport(base="`main`", head="the working tree", environments=(diff,))


def test_markdown_shows_hostile_values_as_values() -> None:
    """They stay inside of code: no markup, no mention, no heading of their own."""
    text = markdown.render(
        report(step("replace", BUCKET, {"bucket": HOSTILE}, {"bucket": "b"}, name=HOSTILE))
    )
    outside, fenced = [], False
    for line in text.splitlines():
        if line.strip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            outside.append("".join(line.split("`")[::2]))
    assert not fenced
    assert "script" not in "\n".join(outside)
    assert "@everyone" not in "\n".join(outside)
    assert "owned" not in "\n".join(outside)


def test_page_escapes_hostile_values() -> None:
    """The page has no script at all."""
    page = html.render(report(step("update", BUCKET, {"bucket": HOSTILE}, {"bucket": "b"}, name=HOSTILE)))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_page_needs_no_network() -> None:
    """It opens from the file."""
    page = html.render(recordings.load("bucket-renamed", "dev"))
    assert "http://" not in page
    assert "https://" not in page
    assert "would be made anew" in page


def test_long_comments_are_bounded() -> None:
    """GitHub refuses longer ones; the counts stay."""
    many = [step("update", BUCKET, {"x": "a" * 150}, {"x": "b" * 150}, name=f"n{i}") for i in range(2000)]
    text = markdown.render(report(*many))
    assert len(text) <= markdown.MAX_LENGTH + 100
    assert "**2000**" in text


def test_policies_are_rendered_where_they_were_judged() -> None:
    """New ones openly, all others folded, and none if Pulumi refused the change."""
    finding = PolicyFinding(rule="s3-encrypted", resource="raw", message="no key", mandatory=True)
    delta = PolicyDelta(new=(finding,), not_evaluated=(finding,))
    text = markdown.render(report(policy=delta))
    assert "**Policies**: 1 new, 0 fixed, 0 waived, 1 not evaluated" in text
    assert "⛔ policy" in text
    assert "Policies" not in markdown.render(report())
    assert report(policy=delta).blocked
    assert not report(policy=replace(delta, new=())).blocked


def test_output_is_deterministic() -> None:
    """The order of the engine's steps does not matter: it differs from run to run."""
    whole = recordings.load("smaller-network", "dev")
    (diff,) = whole.environments
    again = replace(whole, environments=(replace(diff, findings=review(tuple(reversed(diff.changes)))),))
    assert markdown.render(again) == markdown.render(whole)


def test_json_is_whole() -> None:
    """All facts of the comment are in the document, and it is JSON."""
    document = json.loads(json.dumps(recordings.load("key-removed", "prod").as_json()))
    (diff,) = document["environments"]
    assert diff["counts"]["delete"] >= 1
    assert {each["section"] for each in diff["findings"]} >= {"refused", "data"}
    assert {each["source"] for each in diff["changes"]} == {"the engine"}
