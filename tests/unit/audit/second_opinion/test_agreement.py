"""Our verdicts beside an auditor's: counts, reasons, and what cannot be compared."""

from __future__ import annotations

import pytest

from groundplan.audit.second_opinion.agreement import Agreement, Outcome, Verdict, compare
from groundplan.audit.second_opinion.equivalents import auditor_check, unknown_checks
from groundplan.audit.second_opinion.opinion import Opinion
from groundplan.audit.second_opinion.reviewed import Answer

CHECK = "CKV_AWS_145"
MAPPED = {"S3-03": (CHECK, "FSBP S3.17", "prowler:s3_encryption")}


def urn(name: str, kind: str = "aws:s3/bucket:Bucket") -> str:
    """A URN below a component."""
    return f"urn:pulumi:prod::groundplan::groundplan:aws:Lake${kind}::{name}"


def opinion(name: str, *, passed: bool, auditor: str = "checkov", check: str = CHECK) -> Opinion:
    """What an auditor says about a bucket."""
    return Opinion(auditor=auditor, check_id=check, resource_urn=urn(name), passed=passed, title="t")


def agreed(
    *opinions: Opinion,
    answers: tuple[Answer, ...] = (),
    neighbours: dict[str, frozenset[str]] | None = None,
    **verdicts: Outcome,
) -> Agreement:
    """The comparison with verdicts of one rule, by the bucket's name."""
    ours = [Verdict(rule="S3-03", urn=urn(name), outcome=outcome) for name, outcome in verdicts.items()]
    return compare(
        verdicts=ours, opinions=opinions, equivalents=MAPPED, neighbours=neighbours or {}, answers=answers
    )


def test_counts_by_pair_and_overall() -> None:
    """Three of four agree, in two pairs."""
    found = agreed(
        opinion("a", passed=True),
        opinion("b", passed=False),
        opinion("c", passed=True),
        opinion("a", passed=True, auditor="prowler", check="s3_encryption"),
        a=Outcome.PASS,
        b=Outcome.FAIL,
        c=Outcome.FAIL,
    )
    assert [(pair.check_id, pair.compared, pair.agreed) for pair in found.pairs] == [
        (CHECK, 3, 2),
        ("s3_encryption", 1, 1),
    ]
    assert found.percent == 75
    assert [each.opinion.resource_urn for each in found.unexplained] == [urn("c")]


def test_waived_findings_count_as_failures() -> None:
    """The auditor is expected to find what we only tolerate."""
    assert agreed(opinion("a", passed=False), a=Outcome.WAIVED).percent == 100
    assert agreed(opinion("a", passed=True), a=Outcome.WAIVED).percent == 0


def test_one_rule_for_several_checks() -> None:
    """Our rule fails for one of four flags: the auditor says so by one check, and the others pass."""
    mapped = {"S3-01": ("CKV_AWS_53", "CKV_AWS_54")}
    opinions = [opinion("a", passed=False, check="CKV_AWS_53"), opinion("a", passed=True, check="CKV_AWS_54")]
    for outcome, agreed_on in ((Outcome.FAIL, [1, 1]), (Outcome.PASS, [0, 1])):
        ours = [Verdict(rule="S3-01", urn=urn("a"), outcome=outcome)]
        found = compare(verdicts=ours, opinions=opinions, equivalents=mapped, neighbours={})
        assert [pair.agreed for pair in found.pairs] == agreed_on


def test_not_evaluated_is_neither() -> None:
    """It is counted for itself, and no percentage is made of nothing."""
    found = agreed(opinion("a", passed=False), a=Outcome.NOT_EVALUATED)
    assert (found.compared, found.percent, found.pairs[0].not_evaluated) == (0, None, 1)


def test_auditor_alone() -> None:
    """A verdict on a resource that we have none on is counted, and not as agreement."""
    found = agreed(opinion("a", passed=True))
    assert (found.pairs[0].alone, found.compared) == (1, 0)


def test_verdict_on_the_resource_that_is_referenced() -> None:
    """The auditor judges a part of the bucket, we the bucket."""
    block = urn("a", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
    about_block = Opinion(auditor="checkov", check_id=CHECK, resource_urn=block, passed=True, title="t")
    assert agreed(about_block, neighbours={block: frozenset({urn("a")})}, a=Outcome.PASS).percent == 100
    two = {block: frozenset({urn("a"), urn("b")})}
    assert agreed(about_block, neighbours=two, a=Outcome.PASS, b=Outcome.FAIL).pairs[0].alone == 1


@pytest.mark.parametrize(
    ("resource", "explained"),
    [("aws:s3/bucket:Bucket::*-logs", True), ("aws:s3/bucket:Bucket::other", False), ("*", True)],
)
def test_reasons_cover_by_rule_check_and_resource(resource: str, explained: bool) -> None:
    """A reason for one resource is none for another."""
    answer = Answer(
        rule="S3-03",
        check=CHECK,
        resource=resource,
        judgement="false-positive",
        reason="because of a test only",
    )
    found = agreed(opinion("access-logs", passed=False), answers=(answer,), **{"access-logs": Outcome.PASS})
    assert bool(found.disagreements[0].answer) is explained
    assert bool(found.unexplained) is not explained
    assert found.percent == 0


def test_reason_of_another_rule_does_not_count() -> None:
    """Nor one that explains a finding without a rule."""
    answer = Answer(check=CHECK, resource="*", judgement="accepted", reason="because of a test only")
    assert agreed(opinion("a", passed=False), answers=(answer,), a=Outcome.PASS).unexplained


def test_equivalents_are_told_apart() -> None:
    """By their spelling; those of auditors that do not run here are passed over."""
    assert auditor_check("CKV2_AWS_6") == ("checkov", "CKV2_AWS_6")
    assert auditor_check("prowler:s3_x") == ("prowler", "s3_x")
    assert auditor_check("FSBP S3.8") is None


def test_mapped_ids_must_exist() -> None:
    """An id that the pinned auditor does not have is named with its rule."""
    known = {"checkov": frozenset({"CKV_AWS_145"})}
    assert unknown_checks({"A": ["CKV_AWS_145", "prowler:x"], "B": ["CKV_AWS_0"]}, known) == {
        "B": ["CKV_AWS_0"]
    }
