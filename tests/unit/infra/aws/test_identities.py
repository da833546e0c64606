"""Tests of IAM: least privilege for workloads, nodes and services; and of the registry."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.infra.recording import ACCOUNT_ID, Registered, dev_estate, guarded_estate

WORKLOADS = ("ingest", "training", "inference")
POLICIES = dev_estate().of("aws:iam/rolePolicy:RolePolicy")
ROLES = [role for role in dev_estate().of("aws:iam/role:Role") if "permissionsBoundary" not in role.inputs]
"""Of services and workloads; those of people and pipelines are tested in `test_identity.py`."""


def _lake_policy(workload: str) -> dict[str, dict[str, Any]]:
    policy = dev_estate().one("aws:iam/rolePolicy:RolePolicy", f"groundplan-dev-vision-{workload}")
    return {statement["Sid"]: statement for statement in policy.document()}


_WITHOUT_RESOURCE = {
    "SeeTheAccount",
    "LogInToRegistry",
    "BorrowAccessToTables",
    "FindStores",
    "ReadCloudWatch",
}
"""Statements whose actions know no resource, by the Service Authorization Reference."""


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_policies_name_actions_and_resources(policy: Registered) -> None:
    """No wildcard action, and no statement about everything."""
    for statement in policy.document():
        assert not [action for action in statement["Action"] if "*" in action]
        if statement["Resource"] == "*":
            assert statement["Sid"] in _WITHOUT_RESOURCE, "its actions have none"


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_roles_trust_one_service(role: Registered) -> None:
    """No role trusts everybody or another account; only EC2 is trusted without a source condition."""
    (statement,) = role.document("assumeRolePolicy")
    (service,) = statement["Principal"].values()
    assert list(statement["Principal"]) == ["Service"]
    assert service.endswith(".amazonaws.com")
    if service != "ec2.amazonaws.com":
        assert statement["Condition"]["StringEquals"]["aws:SourceAccount"] == ACCOUNT_ID


@pytest.mark.parametrize("workload", WORKLOADS)
def test_workload_role_is_for_one_service_account_of_one_cluster(workload: str) -> None:
    """Not even another workload of the same tenant can take it."""
    estate = dev_estate()
    (trust,) = estate.one("aws:iam/role:Role", f"groundplan-dev-vision-{workload}").document(
        "assumeRolePolicy"
    )
    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert trust["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert trust["Condition"]["StringEquals"] == {
        "aws:SourceAccount": ACCOUNT_ID,
        "aws:RequestTag/kubernetes-namespace": "tenant-vision",
        "aws:RequestTag/kubernetes-service-account": workload,
    }
    assert trust["Condition"]["ArnEquals"] == {
        "aws:SourceArn": "arn:of:aws:eks/cluster:Cluster:groundplan-dev"
    }
    association = estate.one(
        "aws:eks/podIdentityAssociation:PodIdentityAssociation", f"groundplan-dev-vision-{workload}"
    )
    assert association.inputs["serviceAccount"] == workload
    assert association.inputs["namespace"] == "tenant-vision"


@pytest.mark.parametrize(
    ("workload", "expected"),
    [
        ("ingest", {"raw": False, "curated": True}),
        ("training", {"curated": False, "features": False, "checkpoints": True, "models": True}),
        ("inference", {"models": False}),
    ],
)
def test_workload_touches_its_tenants_prefixes_only(workload: str, expected: dict[str, bool]) -> None:
    """Each zone that it reads or writes, below the tenant's prefix, and no other."""
    policy = _lake_policy(workload)
    touched = {}
    for sid, statement in policy.items():
        if sid.startswith(("Read", "Change")):
            zone = sid.removeprefix("Read").removeprefix("Change").lower()
            touched[zone] = "s3:PutObject" in statement["Action"]
            assert statement["Resource"] == f"arn:aws:s3:::groundplan-dev-{zone}-{ACCOUNT_ID}/vision/*"
        if sid.startswith("List"):
            assert statement["Condition"] == {"StringLike": {"s3:prefix": ["vision/*"]}}
    assert touched == expected


@pytest.mark.parametrize("workload", WORKLOADS)
def test_who_only_reads_cannot_encrypt(workload: str) -> None:
    """A key is used through S3; a reader decrypts, a writer also makes data keys."""
    for sid, statement in _lake_policy(workload).items():
        if sid.startswith("UseKeyOf"):
            zone = sid.removeprefix("UseKeyOf")
            writes = f"Change{zone}" in _lake_policy(workload)
            assert ("kms:GenerateDataKey" in statement["Action"]) is writes
            assert statement["Condition"]["StringEquals"]["kms:ViaService"] == "s3.eu-central-1.amazonaws.com"


def test_nodes_join_pull_and_route_and_nothing_else() -> None:
    """The node role has three policies of AWS and none of ours."""
    attached = [
        attachment.inputs["policyArn"].rsplit("/", 1)[1]
        for attachment in dev_estate().of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        if attachment.inputs["role"] == "groundplan-dev-node"
    ]
    assert sorted(attached) == [
        "AmazonEC2ContainerRegistryPullOnly",
        "AmazonEKSWorkerNodePolicy",
        "AmazonEKS_CNI_Policy",
    ]
    assert "groundplan-dev-node" not in [policy.inputs["role"] for policy in POLICIES]


@pytest.mark.parametrize("service", WORKLOADS)
def test_images_are_immutable_scanned_and_encrypted(service: str) -> None:
    """What was pushed under a tag stays what it is; old images go."""
    estate = dev_estate()
    repository = estate.one("aws:ecr/repository:Repository", service).inputs
    assert repository["name"] == f"groundplan-dev/{service}"
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    (encryption,) = repository["encryptionConfigurations"]
    assert encryption == {"encryptionType": "KMS", "kmsKey": "arn:of:aws:kms/key:Key:groundplan-dev-registry"}
    policy = estate.one("aws:ecr/lifecyclePolicy:LifecyclePolicy", service).inputs["policy"]
    assert [rule["rulePriority"] for rule in json.loads(policy)["rules"]] == [1, 2]


def test_images_are_guarded_where_data_is_protected() -> None:
    """In production a repository can neither be deleted nor emptied by Pulumi."""
    for repository in guarded_estate().of("aws:ecr/repository:Repository"):
        assert (repository.protect, repository.inputs["forceDelete"]) == (True, False)
