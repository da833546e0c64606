"""What prowler writes, read as opinions about resources of a state."""

from __future__ import annotations

import json
from typing import Any

import pytest

from groundplan.audit.second_opinion import prowler, state
from groundplan.errors import ExitCode, GroundplanError

from .states import resource
from .states import state as state_of

ARN = "arn:aws:s3:::lake"
LOGS = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/eks"
RESOURCES = state.resources(
    state_of(
        resource("aws:s3/bucket:Bucket", "lake", outputs={"arn": ARN}),
        resource("aws:s3/bucketPolicy:BucketPolicy", "lake", outputs={"arn": ARN}),
        resource("aws:cloudwatch/logGroup:LogGroup", "logs", outputs={"arn": LOGS}),
    )
)
BUCKET, _, GROUP = (each.urn for each in RESOURCES)
LOG = """
2026-11-24 15:59:54,663 [File: kafka_service.py:160] \t[Module: kafka_service]\t ERROR: eu-central-1 -- \
ClientError[127]: An error occurred (404) when calling the ListCoverage operation: <!doctype html>
<html lang=en>
2026-11-24 15:59:55,001 [File: kafka_service.py:160] \t[Module: kafka_service]\t ERROR: eu-central-1 -- \
ClientError[127]: An error occurred (404) when calling the ListCoverage operation: <!doctype html>
2026-11-24 15:59:55,001 [File: s3.py:1] \t[Module: s3_service]\t WARNING: no lock
"""


def finding(arn: str, status: str = "PASS", check: str = "s3_bucket_object_versioning") -> dict[str, Any]:
    """A detection finding of OCSF, as far as it is read, and something beside."""
    return {
        "metadata": {"event_code": check, "version": "1.5.0"},
        "finding_info": {"title": "S3 bucket has versioning", "uid": "prowler-aws-..."},
        "status_code": status,
        "severity": "Medium",
        "resources": [{"uid": arn, "data": {"metadata": {"owner": "canary"}}}],
    }


def survey(*findings: dict[str, Any], log: str = "") -> prowler.Survey:
    """What is read from these findings."""
    return prowler.survey(json.dumps(findings), log, RESOURCES)


def test_verdicts_lead_to_resources() -> None:
    """By ARN; of a log group without what prowler adds; to the first of several that have it."""
    found = survey(finding(ARN), finding(f"{LOGS}:*", "FAIL"))
    assert [(each.resource_urn, each.passed) for each in found.opinions] == [(BUCKET, True), (GROUP, False)]
    assert found.opinions[0].check_id == "s3_bucket_object_versioning"
    assert "canary" not in repr(found)


def test_what_is_not_of_the_stack_is_kept_apart() -> None:
    """The account has more in it than the stack made."""
    found = survey(finding("arn:aws:iam::123456789012:root", "FAIL"))
    assert found.opinions == ()
    assert [each.resource_urn for each in found.elsewhere] == ["arn:aws:iam::123456789012:root"]


def test_manual_is_no_verdict() -> None:
    """What a person is to look at has neither passed nor failed."""
    found = survey(finding(ARN, "MANUAL"))
    assert (found.opinions, found.elsewhere) == ((), ())


def test_what_could_not_be_asked_is_told_once() -> None:
    """With the part of prowler that asked, and without warnings."""
    (error,) = survey(log=LOG).errors
    assert error.startswith(
        "kafka_service: ClientError: An error occurred (404) when calling the ListCoverage"
    )


def test_another_format_is_refused() -> None:
    """A version that writes something else is not half understood."""
    with pytest.raises(GroundplanError, match="is not what version"):
        prowler.survey('[{"status": "PASS"}]', "", RESOURCES)


def test_without_an_account() -> None:
    """A shell that leads to none is told how to get one; the exit code is that of missing credentials."""
    with pytest.raises(GroundplanError) as caught:
        prowler.on_account(RESOURCES, {}, print)
    assert caught.value.exit_code is ExitCode.AUTH
    assert "groundplan rehearse env" in (caught.value.hint or "")
