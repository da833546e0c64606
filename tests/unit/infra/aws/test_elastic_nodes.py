"""Tests of what Karpenter has in the account."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.unit.infra.recording import ACCOUNT_ID, dev_estate, prod_estate

NAME = "groundplan-prod-karpenter"
NODES = "groundplan-prod-elastic-node"
REGION = "eu-central-1"


def _policy() -> list[dict[str, Any]]:
    return prod_estate().one("aws:iam/rolePolicy:RolePolicy", NAME).document()


def _allowing(action: str) -> list[dict[str, Any]]:
    return [each for each in _policy() if any(fnmatchcase(action, one) for one in each["Action"])]


def _resources(statement: dict[str, Any]) -> list[str]:
    resources = statement["Resource"]
    return [resources] if isinstance(resources, str) else resources


def test_nothing_of_it_is_there_without_elastic_pools() -> None:
    """Neither queue nor role, and no key lets it in."""
    assert not dev_estate().of("aws:sqs/queue:Queue")
    volumes = dev_estate().one("aws:kms/key:Key", "groundplan-dev-volumes").document()
    assert "UseByElasticNodes" not in [statement["Sid"] for statement in volumes]


def test_its_identity_is_for_one_service_account() -> None:
    """By EKS Pod Identity: no secret, no annotation, no other pod."""
    association = prod_estate().one("aws:eks/podIdentityAssociation:PodIdentityAssociation", NAME)
    assert (association.inputs["namespace"], association.inputs["serviceAccount"]) == ("karpenter",) * 2
    [trust] = json.loads(prod_estate().one("aws:iam/role:Role", NAME).inputs["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert trust["Condition"]["StringEquals"]["aws:RequestTag/kubernetes-service-account"] == "karpenter"


def test_it_launches_into_our_subnets_with_our_security_group_only() -> None:
    """Where it may launch is named by id; what it makes must have its tags."""
    subnets, groups = set(), set()
    for statement in _allowing("ec2:RunInstances"):
        if "Condition" in statement:
            text = json.dumps(statement["Condition"])
            assert "kubernetes.io/cluster/groundplan-prod" in text
            assert "karpenter.sh/nodepool" in text
            continue
        for resource in _resources(statement):
            kind = resource.split(":")[5].split("/")[0]
            {"subnet": subnets, "security-group": groups}.get(kind, set()).add(resource)
    prefix = f"arn:aws:ec2:{REGION}:{ACCOUNT_ID}"
    assert subnets == {
        f"{prefix}:subnet/groundplan-prod-private-{REGION}{zone}-id" for zone in ("a", "b", "c")
    }
    assert groups == {f"{prefix}:security-group/groundplan-prod-nodes"}


def test_it_ends_only_what_it_made() -> None:
    """Managed nodes, whose tags are not Karpenter's, are out of its reach."""
    for action in ("ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"):
        [statement] = _allowing(action)
        assert statement["Condition"]["StringEquals"] == {
            "aws:ResourceTag/kubernetes.io/cluster/groundplan-prod": "owned"
        }
        assert statement["Condition"]["StringLike"] == {"aws:ResourceTag/karpenter.sh/nodepool": "*"}


def test_it_hands_out_one_role_and_makes_none() -> None:
    """That of its nodes, to EC2. It makes no instance profile: there is one."""
    [statement] = _allowing("iam:PassRole")
    assert statement["Resource"] == f"arn:aws:iam::{ACCOUNT_ID}:role/{NODES}"
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    assert not _allowing("iam:CreateInstanceProfile")
    profile = prod_estate().one("aws:iam/instanceProfile:InstanceProfile").inputs
    assert (profile["name"], profile["role"]) == (NODES, NODES)


def test_its_nodes_join_by_an_entry_of_their_own() -> None:
    """EKS makes the entry of node groups' role by itself, and takes it away."""
    entry = prod_estate().one("aws:eks/accessEntry:AccessEntry", NODES).inputs
    assert entry["type"] == "EC2_LINUX"
    assert entry["principalArn"] == f"arn:of:aws:iam/role:Role:{NODES}"


def test_the_queue_is_encrypted_and_takes_messages_of_eventbridge_only() -> None:
    """With a key of its own, over TLS, for this account."""
    queue = prod_estate().one("aws:sqs/queue:Queue").inputs
    assert queue["kmsMasterKeyId"] == "arn:of:aws:kms/key:Key:groundplan-prod-interruptions"
    send, tls = prod_estate().one("aws:sqs/queuePolicy:QueuePolicy").document()
    assert send["Principal"] == {"Service": "events.amazonaws.com"}
    assert send["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT_ID}}
    assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


@pytest.mark.parametrize(
    "kind",
    [
        "AWS Health Event",
        "EC2 Instance Rebalance Recommendation",
        "EC2 Instance State-change Notification",
        "EC2 Spot Instance Interruption Warning",
    ],
)
def test_every_kind_of_interruption_reaches_the_queue(kind: str) -> None:
    """A rule for it, with the queue as its target."""
    estate = prod_estate()
    [rule] = [
        each
        for each in estate.of("aws:cloudwatch/eventRule:EventRule")
        if json.loads(each.inputs["eventPattern"])["detail-type"] == [kind]
    ]
    target = estate.one("aws:cloudwatch/eventTarget:EventTarget", rule.name).inputs
    assert (target["rule"], target["arn"]) == (rule.name, f"arn:of:aws:sqs/queue:Queue:{NAME}")


def test_volumes_of_its_nodes_can_be_encrypted_with_our_key() -> None:
    """The key lets Karpenter's role and that of spot in, through EC2; Karpenter's policy says so, too."""
    key = prod_estate().one("aws:kms/key:Key", "groundplan-prod-volumes").document()
    use = next(statement for statement in key if statement["Sid"] == "UseByElasticNodes")
    assert use["Condition"]["ArnEquals"]["aws:PrincipalArn"][0] == f"arn:aws:iam::{ACCOUNT_ID}:role/{NAME}"
    assert use["Condition"]["StringEquals"]["kms:ViaService"] == f"ec2.{REGION}.amazonaws.com"
    assert _allowing("kms:GenerateDataKeyWithoutPlaintext")
    [grant] = _allowing("kms:CreateGrant")
    assert grant["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
