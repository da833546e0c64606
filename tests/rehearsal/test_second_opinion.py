"""Checkov itself on the prod estate, and on one that is broken on purpose."""

from __future__ import annotations

import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from groundplan.audit.opinions import SecondOpinionFact
from groundplan.audit.second_opinion import Outcome, Verdict, reviewed, second_opinion
from groundplan.audit.second_opinion.checkov import known_checks, on_plan
from groundplan.audit.second_opinion.equivalents import unknown_checks
from groundplan.audit.second_opinion.ours import equivalents_of
from groundplan.audit.second_opinion.report import Report
from groundplan.audit.second_opinion.state import resources
from groundplan.audit.second_opinion.terraform_plan import convert
from groundplan.errors import ExitCode
from groundplan.rehearsal.world import PROJECT_ROOT
from policies.core.catalog import all_rules
from tests.unit.audit.second_opinion.states import estate_state

pytestmark = pytest.mark.rehearsal

MAPPED = {"S3-01": ("CKV2_AWS_6",), "KMS-01": ("CKV_AWS_7",)}
MUTANTS = (
    ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "blockPublicAcls", False, "CKV_AWS_53"),
    ("aws:kms/key:Key", "enableKeyRotation", False, "CKV_AWS_7"),
    ("aws:msk/cluster:Cluster", "encryptionInfo.encryptionInTransit.clientBroker", "PLAINTEXT", "CKV_AWS_81"),
    ("aws:ec2/launchTemplate:LaunchTemplate", "metadataOptions.httpTokens", "optional", "CKV_AWS_79"),
)
"""Type, property, value, and the check that must fail."""


@pytest.fixture(scope="module")
def prod() -> dict[str, Any]:
    """The state that prod would have."""
    return estate_state("prod")


@pytest.fixture(scope="module")
def buckets(prod: dict[str, Any]) -> list[str]:
    """URNs of its buckets."""
    entries = prod["deployment"]["resources"]
    return [entry["urn"] for entry in entries if entry["type"] == "aws:s3/bucket:Bucket"]


@pytest.fixture(scope="module")
def report(prod: dict[str, Any], buckets: list[str]) -> Report:
    """What checkov says, beside verdicts of ours: buckets are right, and one of them is said to be wrong."""
    verdicts = [Verdict(rule="S3-01", urn=urn, outcome=Outcome.PASS) for urn in buckets[1:]]
    planted = Verdict(rule="S3-01", urn=buckets[0], outcome=Outcome.FAIL)
    answers = [each for each in reviewed.read() if each.rule is None]
    return second_opinion(prod, [*verdicts, planted], MAPPED, answers=answers)


def test_every_finding_is_answered(report: Report) -> None:
    """Checkov looks at the whole estate, and each of its objections has a reviewed reason."""
    assert len(report.opinions) > 2000
    assert [f"{each.opinion.check_id} {each.opinion.resource_urn}" for each in report.unanswered] == []
    assert report.not_converted == ()


def test_no_answer_is_left_over(report: Report) -> None:
    """A reason for a finding that is gone would hide the next one."""
    general = [each for each in reviewed.read() if each.rule is None]
    dev = second_opinion(estate_state("dev"), [], MAPPED, answers=general)
    answered = {each.answer for each in (*report.findings, *dev.findings)}
    ours = [each for each in reviewed.read() if each.rule is None and each.check.startswith("CKV")]
    assert [answer for answer in ours if answer not in answered] == []


def test_references_join_buckets_and_their_parts(report: Report, buckets: list[str]) -> None:
    """Without references checkov would find no public access block, no encryption and no log target."""
    passed = {each.resource_urn for each in report.opinions if each.passed and each.check_id == "CKV2_AWS_6"}
    assert passed >= set(buckets)


def test_disagreement_is_an_error(report: Report, buckets: list[str]) -> None:
    """It is the one that was planted, and nobody has answered it."""
    (planted,) = report.agreement.disagreements
    assert planted.opinion.resource_urn == buckets[0]
    assert report.agreement.compared == len(buckets)
    assert report.agreement.unexplained == (planted,)


def test_broken_estate_is_caught(prod: dict[str, Any], report: Report) -> None:
    """A property changed at any depth arrives at the auditor under its name, and nothing else does."""
    broken = [_broken(prod, kind, path, value) for kind, path, value, _ in MUTANTS]
    plan = convert(resources({"deployment": {"resources": broken}}))
    failed = {(each.check_id, each.resource_urn) for each in on_plan(plan, print) if not each.passed}
    before = {(each.check_id, each.resource_urn) for each in report.opinions if not each.passed}
    graph_checks = {each for each in failed if each[0].startswith("CKV2_")}  # of a bucket without its parts
    expected = {(mutant[3], entry["urn"]) for mutant, entry in zip(MUTANTS, broken, strict=True)}
    assert failed - before - graph_checks == expected


def test_audit_shows_how_often_we_agree(prod: dict[str, Any], tmp_path: Path) -> None:
    """By the command: at least 95 % of what both judge is judged alike, and the rest has a reason."""
    file = tmp_path / "state.json"
    file.write_text(json.dumps(prod))
    words = [sys.executable, "-m", "groundplan", "audit", "--state", str(file), "--second-opinion", "--json"]
    done = subprocess.run(words, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.OK, done.stderr
    found = SecondOpinionFact.model_validate(json.loads(done.stdout)["second_opinion"])
    assert found.compared > 1000
    assert (found.percent or 0) >= 95
    assert found.unanswered == []
    assert all(len(each.reason or "") > 20 for each in found.disagreements)


def test_named_checks_exist() -> None:
    """Neither a rule nor a reviewed answer names a check that the pinned checkov does not have."""
    known = known_checks(print)
    assert len(known) > 1000
    answered = {answer.check: (answer.check,) for answer in reviewed.read()}
    assert unknown_checks({**equivalents_of(all_rules()), **answered}, {"checkov": known}) == {}


def _broken(prod: dict[str, Any], kind: str, path: str, value: Any) -> dict[str, Any]:
    """The first resource of a type, with one property changed."""
    entry = deepcopy(next(each for each in prod["deployment"]["resources"] if each["type"] == kind))
    *outer, last = path.split(".")
    for part in ("inputs", "outputs"):
        inner = entry[part]
        for key in outer:
            inner = inner[key]
        inner[last] = value
    return entry
