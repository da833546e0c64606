"""Tests of the keys that sign models: one for each tenant, and who does what with it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.infra.recording import ACCOUNT_ID, Registered, dev_estate, prod_estate

KEY = "aws:kms/key:Key"
NAME = "groundplan-dev-vision-model-signing"


def _statements(resource: Registered) -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in resource.document()}


def _tenants() -> list[str]:
    policies = prod_estate().of("aws:iam/rolePolicy:RolePolicy")
    names = [policy.name for policy in policies if policy.name.endswith("-inference")]
    return [name.removeprefix("groundplan-prod-").removesuffix("-inference") for name in names]


def _of_workload(name: str) -> dict[str, dict[str, Any]]:
    return _statements(dev_estate().one("aws:iam/rolePolicy:RolePolicy", f"groundplan-dev-vision-{name}"))


def test_each_tenant_has_a_key_that_signs_and_does_nothing_else() -> None:
    """On a curve whose signatures KMS makes and anybody's library checks."""
    keys = [key for key in prod_estate().of(KEY) if key.inputs.get("keyUsage") == "SIGN_VERIFY"]
    names = [key.name for key in keys]
    assert names == [f"groundplan-prod-{tenant}-model-signing" for tenant in _tenants()]
    assert len(names) > 1
    for key in keys:
        assert key.inputs["customerMasterKeySpec"] == "ECC_NIST_P384"
        assert "enableKeyRotation" not in key.inputs, "KMS would refuse it"
        assert key.inputs["deletionWindowInDays"] == 30


def test_training_alone_signs() -> None:
    """The key's own policy names its role: no policy of IAM can let in another."""
    statements = _statements(dev_estate().one(KEY, NAME))
    sign = statements["Sign"]
    assert sign["Action"] == ["kms:Sign"]
    signer = f"arn:aws:iam::{ACCOUNT_ID}:role/groundplan-dev-vision-training"
    assert sign["Condition"]["ArnEquals"] == {"aws:PrincipalArn": signer}
    assert sorted(statements["Verify"]["Action"]) == ["kms:GetPublicKey", "kms:Verify"]
    others = [each for name, each in statements.items() if name != "Sign"]
    assert not [each for each in others if "kms:Sign" in each["Action"]]


@pytest.mark.parametrize(
    ("workload", "expected"),
    [("ingest", set()), ("training", {"kms:Sign"}), ("inference", {"kms:Verify"})],
)
def test_who_publishes_signs_and_who_serves_verifies(workload: str, expected: set[str]) -> None:
    """With the key of the tenant, and nobody does both."""
    found: set[str] = set()
    for statement in _of_workload(workload).values():
        if actions := {"kms:Sign", "kms:Verify"} & set(statement["Action"]):
            assert statement["Resource"] == f"arn:of:{KEY}:{NAME}"
            found |= actions
    assert found == expected
