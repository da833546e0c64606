"""The deployer's policies: derived from needs, as small as AWS wants them, and each action in them needed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal import deployer_policy
from groundplan.rehearsal.emulator.deployer_record import DeployerRecord, read
from groundplan.rehearsal.emulator.need import Need
from groundplan.rehearsal.world import ACCOUNT_ID

PREFIX = "groundplan-prod"
HERE = f"eu-central-1:{ACCOUNT_ID}"


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("*", "*"),
        ("arn:aws:s3:::groundplan-prod-raw-123", "arn:aws:s3:::groundplan-prod*"),
        (f"arn:aws:eks:{HERE}:addon/groundplan-prod/a/1", f"arn:aws:eks:{HERE}:addon/groundplan-prod*"),
        (f"arn:aws:kms:{HERE}:key/0123", f"arn:aws:kms:{HERE}:key/*"),
        (f"arn:aws:grafana:{HERE}:/workspaces/g-1", f"arn:aws:grafana:{HERE}:/workspaces/*"),
        (f"arn:aws:rds:{HERE}:cluster:other", f"arn:aws:rds:{HERE}:cluster:*"),
        ("arn:aws:iam::*:role/aws-service-role/eks.amazonaws.com/*",) * 2,
    ],
)
def test_resources_are_written_as_patterns(arn: str, expected: str) -> None:
    """The stack's own names by their prefix, ids by their kind."""
    assert deployer_policy.pattern(arn, PREFIX) == expected


def test_every_action_is_there_once() -> None:
    """Actions on the same resources share a statement; a star covers what else there is."""
    needs = [
        Need("s3:CreateBucket", "arn:aws:s3:::groundplan-prod-raw"),
        Need("s3:CreateBucket", "arn:aws:s3:::groundplan-prod-models"),
        Need("s3:PutBucketPolicy", "arn:aws:s3:::groundplan-prod-raw"),
        Need("ec2:CreateVpc", "*"),
    ]
    (document,) = deployer_policy.policies_for(needs, PREFIX)
    assert document["Statement"] == [
        {"Effect": "Allow", "Action": ["ec2:CreateVpc"], "Resource": ["*"]},
        {
            "Effect": "Allow",
            "Action": ["s3:CreateBucket", "s3:PutBucketPolicy"],
            "Resource": ["arn:aws:s3:::groundplan-prod*"],
        },
    ]


def test_no_policy_is_longer_than_aws_takes() -> None:
    """Many actions are spread over several documents, and none is lost."""
    needs = [Need(f"service:AnActionWithALongName{number}", "*") for number in range(600)]
    documents = deployer_policy.policies_for(needs, PREFIX)
    assert len(documents) > 3
    assert all(len(json.dumps(document, separators=(",", ":"))) <= 6144 for document in documents)
    statements = [statement for document in documents for statement in document["Statement"]]
    found = [action for statement in statements for action in statement["Action"]]
    assert sorted(found) == sorted(need.action for need in needs)


def test_another_account_gets_its_own_arns() -> None:
    """The rehearsal's account is nowhere in them any more."""
    documents = deployer_policy.policies_for([Need("kms:Encrypt", f"arn:aws:kms:{HERE}:key/1")], PREFIX)
    text = json.dumps(deployer_policy.for_account(documents, "111122223333"))
    assert "111122223333" in text
    assert ACCOUNT_ID not in text


@pytest.mark.parametrize("text", ["", "{}", "[]", '[{"Version": "2012-10-17"}]', '["a"]'])
def test_what_is_no_policy_is_refused(tmp_path: Path, text: str) -> None:
    """The message names the file."""
    file = tmp_path / "policy.json"
    file.write_text(text)
    with pytest.raises(GroundplanError, match=r"policy\.json") as failure:
        deployer_policy.documents_in(file)
    assert failure.value.exit_code == ExitCode.CONFIG


def test_a_record_goes_on_after_a_kill(tmp_path: Path) -> None:
    """Each need is written once; half a line at the end is left out."""
    file = tmp_path / "record"
    one, two = Need("s3:GetObject", "*"), Need("kms:Decrypt", "*", "s3")
    first = DeployerRecord(file)
    first.note(one)
    first.note(one)
    file.write_text(file.read_text() + '\n{"action": "s3:Pu')
    DeployerRecord(file).note(two)
    assert read(file) == [one, two]
