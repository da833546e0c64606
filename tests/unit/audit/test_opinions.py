"""`groundplan audit --second-opinion`: what is shown of opinions, and what they do to the verdict."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from groundplan.audit import auditors, terminal
from groundplan.audit.command import judge_source
from groundplan.audit.formats import WRITERS
from groundplan.audit.opinions import SecondOpinionFact
from groundplan.audit.report import Audit
from groundplan.audit.second_opinion import ours
from groundplan.audit.second_opinion.agreement import compare
from groundplan.audit.second_opinion.environments import obtain
from groundplan.audit.second_opinion.opinion import Opinion
from groundplan.audit.second_opinion.report import Finding, Report
from groundplan.audit.second_opinion.reviewed import Answer
from groundplan.audit.sources import Source, from_state
from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal.world import PROJECT_ROOT
from policies.core.evaluation import Verdict
from policies.core.rule import Rule
from tests.unit.audit.second_opinion.states import resource
from tests.unit.audit.second_opinion.states import state as state_with
from tests.unit.audit.states import state_of
from tests.unit.policies.golden import golden

ROTATION = "CKV_AWS_7"
REASON = "The check cannot see what this key is for, and is wrong."
KEYS = tuple(each.urn for each in golden("dev") if each.type == "aws:kms/key:Key")


def _said(check: str, urn: str, *, passed: bool) -> Opinion:
    return Opinion(auditor="checkov", check_id=check, resource_urn=urn, passed=passed, title="rotates")


def _audit(answers: Sequence[Answer] = ()) -> Audit:
    """The audit of dev beside an auditor that objects to one key, and to what no rule of ours is about."""

    def auditor(_: Source, rules: Sequence[Rule], verdicts: Sequence[Verdict]) -> SecondOpinionFact:
        said = [_said(ROTATION, urn, passed=urn != KEYS[0]) for urn in KEYS]
        elsewhere = _said("CKV_AWS_9999", KEYS[1], passed=False)
        agreement = compare(
            verdicts=ours.verdicts_of(verdicts),
            opinions=said,
            equivalents=ours.equivalents_of(rules),
            neighbours={},
            answers=answers,
        )
        answer = next((each for each in answers if each.rule is None), None)
        return auditors.facts(
            Report(
                auditors={"checkov": "3"},
                opinions=(*said, elsewhere),
                findings=(Finding(opinion=elsewhere, answer=answer),),
                agreement=agreement,
                not_converted=("urn:pulumi:dev::groundplan::odd:thing:Thing::odd",),
            )
        )

    source = from_state(json.dumps(state_of(golden("dev"))), "state.json")
    return judge_source(source, auditors=auditor)


def _answers() -> list[Answer]:
    fields = {"resource": "aws:kms/key:Key::*", "judgement": "false-positive", "reason": REASON}
    return [
        Answer(check=ROTATION, rule="KMS-01", **fields),
        Answer(check="CKV_AWS_9999", **fields),
    ]


def _shown(audit: Audit) -> str:
    text = StringIO()
    terminal.show(Console(file=text, width=200), audit)
    return text.getvalue()


def test_an_answered_disagreement_passes_and_is_shown() -> None:
    """Figures, the rule, what both say, judgement and reason: in terminal, JSON and page."""
    audit = _audit(_answers())
    second = audit.second_opinion
    assert second
    assert (audit.passed, second.compared, second.agreed) == (True, len(KEYS), len(KEYS) - 1)
    [fact] = second.disagreements
    assert (fact.rule, fact.ours, fact.theirs, fact.urn) == ("KMS-01", "pass", "fail", KEYS[0])
    page, document = WRITERS["audit.html"](audit), json.loads(WRITERS["audit.json"](audit))
    assert document["second_opinion"]["disagreements"][0]["reason"] == REASON
    for text in (_shown(audit), page):
        assert REASON in " ".join(text.split())
        assert f"{second.percent:.1f} %" in text
        assert "CKV_AWS_9999" in text
        assert "odd:thing:Thing::odd" in text


def test_without_a_reason_it_fails() -> None:
    """A disagreement and an objection that nobody has answered."""
    audit = _audit()
    assert not audit.passed
    assert not audit.blocking
    assert audit.second_opinion
    assert len(audit.second_opinion.unanswered) == 2
    assert _shown(audit).count("unanswered") == 2
    assert WRITERS["audit.html"](audit).count("unanswered: rotates") == 2


def _command(file: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "groundplan", "audit", "--second-opinion", *arguments, str(file)]
    environment = {**os.environ, **variables}
    return subprocess.run(
        words, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False, env=environment
    )


def test_an_auditor_that_cannot_be_installed(tmp_path: Path) -> None:
    """No package index: which auditor, the installer's own words, and what to do; nothing on stdout."""
    file = tmp_path / "state.json"
    bucket = resource("aws:s3/bucket:Bucket", "lake", inputs={"bucket": "lake"}, outputs={"bucket": "lake"})
    file.write_text(json.dumps(state_with(bucket)))
    done = _command(
        file, "--state", GROUNDPLAN_CACHE=str(tmp_path / "cache"), UV_OFFLINE="1", PIP_NO_INDEX="1",
        UV_CACHE_DIR=str(tmp_path / "uv"),
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (ExitCode.GENERIC, "")
    assert "checkov cannot be installed" in done.stderr
    assert "constraints/checkov.txt" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which folder, and how to name another one."""
    (tmp_path / "cache").write_text("a file is in the way")
    monkeypatch.setenv("GROUNDPLAN_CACHE", str(tmp_path / "cache"))
    with pytest.raises(GroundplanError, match="checkov cannot be installed below") as caught:
        obtain("checkov", print)
    assert "GROUNDPLAN_CACHE" in (caught.value.hint or "")


def test_auditors_are_shown_states_only(tmp_path: Path) -> None:
    """A preview has values that nobody knows yet."""
    file = tmp_path / "preview.json"
    [first, *_] = state_of(golden("dev"))["deployment"]["resources"]
    file.write_text(json.dumps({"steps": [{"op": "create", "urn": first["urn"], "newState": first}]}))
    done = _command(file, "--preview")
    assert done.returncode == ExitCode.CONFIG
    assert "auditors are shown a state" in done.stderr
