"""Tests of the keys: who administers them, who uses them, and that these are not the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.infra.recording import ACCOUNT_ID, Registered, dev_estate, guarded_estate

KEYS = dev_estate().of("aws:kms/key:Key")
each_key = pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
ADMINISTRATOR = f"arn:aws:iam::{ACCOUNT_ID}:role/groundplan-deployer"
CRYPTOGRAPHY = {
    *("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
    *("kms:Sign", "kms:Verify"),
}
ENCRYPTING = [key for key in KEYS if key.inputs.get("keyUsage") != "SIGN_VERIFY"]


def _statements(key: Registered) -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in key.document()}


def test_there_is_one_key_for_each_class_of_data() -> None:
    """Classes do not share a key."""
    classes = [key.inputs["tags"]["DataClass"] for key in ENCRYPTING]
    assert sorted(classes) == [
        "alerts",
        "audit",
        "backups",
        "cache",
        "cluster",
        "dashboards",
        "lake",
        "logs",
        "metadata",
        "models",
        "registry",
        "secrets",
        "streaming",
        "volumes",
    ]


@pytest.mark.parametrize("key", ENCRYPTING, ids=lambda key: key.name)
def test_keys_rotate(key: Registered) -> None:
    """Each year, by themselves."""
    assert key.inputs["enableKeyRotation"] is True
    assert key.inputs["rotationPeriodInDays"] == 365


@each_key
def test_administrators_cannot_use_a_key(key: Registered) -> None:
    """No statement for an administrator's role allows cryptography."""
    for statement in key.document():
        principal = statement["Principal"]
        if isinstance(principal, dict) and principal.get("AWS") == [ADMINISTRATOR]:
            assert not CRYPTOGRAPHY & set(statement["Action"]), statement["Sid"]


@each_key
def test_actions_are_named_one_by_one(key: Registered) -> None:
    """No wildcard among the actions of a key policy."""
    assert not [action for statement in key.document() for action in statement["Action"] if "*" in action]


@each_key
def test_whoever_is_not_named_is_held_by_a_condition(key: Registered) -> None:
    """Statements for the whole account, for everyone or for a service are limited by a condition.

    Looking at the key is left to IAM: else nobody but administrators could, whatever their policies say.
    """
    unlimited = {}
    for statement in key.document():
        if statement["Principal"] != {"AWS": [ADMINISTRATOR]} and not statement.get("Condition"):
            unlimited[statement["Sid"]] = statement["Principal"], set(statement["Action"])
    looking = {"kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"}
    assert unlimited == {"Look": ({"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}, looking)}


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("audit", "s3"),
        ("lake", "s3"),
        ("models", "s3"),
        ("registry", "ecr"),
        ("streaming", "kafka"),
        ("cache", "elasticache"),
    ],
)
def test_data_keys_work_through_their_service_only(name: str, service: str) -> None:
    """Who may read a bucket still cannot decrypt outside S3."""
    key = dev_estate().one("aws:kms/key:Key", f"groundplan-dev-{name}")
    condition = _statements(key)["UseThroughService"]["Condition"]["StringEquals"]
    assert condition["kms:ViaService"] == f"{service}.eu-central-1.amazonaws.com"


@each_key
def test_administrators_can_retire_the_grants_that_they_gave(key: Registered) -> None:
    """Whom a grant is for is known when it is created; a condition on it would forbid to retire one."""
    statements = _statements(key)
    assert statements["GrantToServices"]["Action"] == ["kms:CreateGrant"]
    assert statements["GrantToServices"]["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    assert statements["RetireGrants"]["Action"] == ["kms:RetireGrant"]
    assert statements["RetireGrants"]["Principal"] == {"AWS": [ADMINISTRATOR]}
    assert "Condition" not in statements["RetireGrants"]


@pytest.mark.parametrize("name", ["metadata", "backups"])
def test_a_database_can_be_backed_up_copied_and_restored(name: str) -> None:
    """By the grants that RDS takes, for identities of the account; AWS Backup describes the key itself."""
    statements = _statements(dev_estate().one("aws:kms/key:Key", f"groundplan-dev-{name}"))
    ours = {"kms:CallerAccount": ACCOUNT_ID}
    through = {"StringEquals": ours | {"kms:ViaService": "rds.eu-central-1.amazonaws.com"}}
    for sid, actions, condition in (
        ("GrantThroughRds", {"kms:CreateGrant"}, through | {"Bool": {"kms:GrantIsForAWSResource": "true"}}),
        ("ListGrantsThroughRds", {"kms:ListGrants"}, through),
        ("SeeForBackups", {"kms:DescribeKey"}, {"StringEquals": ours}),
    ):
        assert set(statements[sid]["Action"]) == actions
        assert statements[sid]["Condition"] == condition
    assert statements["UseThroughRds"]["Condition"] == through


def test_the_logs_key_serves_named_log_groups_only() -> None:
    """CloudWatch cannot use it for another group of the account."""
    key = dev_estate().one("aws:kms/key:Key", "groundplan-dev-logs")
    condition = _statements(key)["UseByLogGroups"]["Condition"]["ArnEquals"]
    prefix = f"arn:aws:logs:eu-central-1:{ACCOUNT_ID}:log-group:"
    assert condition["kms:EncryptionContext:aws:logs:arn"] == [
        f"{prefix}/groundplan/dev/flow-logs",
        f"{prefix}/aws/eks/groundplan-dev/cluster",
        f"{prefix}/aws/rds/cluster/groundplan-dev-metadata/postgresql",
        f"{prefix}/groundplan/dev/cache",
        f"{prefix}/aws/vendedlogs/groundplan/dev/metrics",
    ]
    groups = {group.inputs["name"] for group in dev_estate().of("aws:cloudwatch/logGroup:LogGroup")}
    assert {f"{prefix}{group}" for group in groups} == set(condition["kms:EncryptionContext:aws:logs:arn"])


def test_the_audit_key_serves_one_trail() -> None:
    """A trail of somebody else cannot encrypt with it."""
    key = dev_estate().one("aws:kms/key:Key", "groundplan-dev-audit")
    condition = _statements(key)["EncryptByTrail"]["Condition"]["StringEquals"]
    trail = dev_estate().one("aws:cloudtrail/trail:Trail")
    assert condition["aws:SourceArn"].endswith(f":{ACCOUNT_ID}:trail/{trail.inputs['name']}")


def test_the_volumes_key_serves_auto_scaling_only() -> None:
    """The service-linked role starts instances; nobody else gets near the nodes' volumes."""
    key = dev_estate().one("aws:kms/key:Key", "groundplan-dev-volumes")
    statements = _statements(key)
    for sid in ("UseByAutoScaling", "GrantByAutoScaling"):
        principal = statements[sid]["Condition"]["ArnEquals"]["aws:PrincipalArn"]
        assert principal.endswith("/AWSServiceRoleForAutoScaling")
    assert statements["GrantByAutoScaling"]["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}


def test_keys_are_guarded_where_data_is_protected() -> None:
    """In production a key cannot be deleted by Pulumi, and a deletion takes the longest time to happen."""
    for key in guarded_estate().of("aws:kms/key:Key"):
        assert key.protect
        assert key.inputs["deletionWindowInDays"] == 30
    assert not any(key.protect for key in KEYS)
