"""Access entries, access policies, add-ons, pod identity associations and tags of the emulator."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, POLICY_PREFIX, Emulated

POD_ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/pod"


@pytest.fixture(scope="module")
def eks(aws: Emulated) -> Any:
    """EKS, with a cluster named `one`."""
    aws.cluster("one")
    return aws.client("eks")


def test_an_entry_has_eks_defaults(eks: Any, aws: Emulated) -> None:
    """User name by session, no groups, type STANDARD."""
    role = aws.role("defaults")
    eks.create_access_entry(clusterName="one", principalArn=role)
    entry = eks.describe_access_entry(clusterName="one", principalArn=role)["accessEntry"]
    assert entry["username"] == f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/defaults/{{{{SessionName}}}}"
    assert (entry["kubernetesGroups"], entry["type"]) == ([], "STANDARD")


def test_only_principals_that_exist_get_in(eks: Any) -> None:
    """The message is the one that the AWS provider waits on."""
    with pytest.raises(ClientError, match="invalid principal"):
        eks.create_access_entry(clusterName="one", principalArn=f"arn:aws:iam::{ACCOUNT_ID}:role/nobody")


def test_reserved_groups_are_refused(eks: Any, aws: Emulated) -> None:
    """Nobody becomes system:masters by an access entry."""
    role = aws.role("reserved")
    with pytest.raises(ClientError, match="reserved prefix"):
        eks.create_access_entry(clusterName="one", principalArn=role, kubernetesGroups=["system:masters"])


def test_policies_come_and_go(eks: Any, aws: Emulated) -> None:
    """An association can be made, changed in scope, listed and taken away."""
    role, policy = aws.role("policies"), POLICY_PREFIX + "AmazonEKSViewPolicy"
    eks.create_access_entry(clusterName="one", principalArn=role)
    for scope in ({"type": "cluster"}, {"type": "namespace", "namespaces": ["tenant-vision"]}):
        eks.associate_access_policy(clusterName="one", principalArn=role, policyArn=policy, accessScope=scope)
    listed = eks.list_associated_access_policies(clusterName="one", principalArn=role)
    scopes = [item["accessScope"] for item in listed["associatedAccessPolicies"]]
    assert scopes == [{"type": "namespace", "namespaces": ["tenant-vision"]}]
    eks.disassociate_access_policy(clusterName="one", principalArn=role, policyArn=policy)
    listed = eks.list_associated_access_policies(clusterName="one", principalArn=role)
    assert listed["associatedAccessPolicies"] == []
    with pytest.raises(ClientError, match="not associated"):
        eks.disassociate_access_policy(clusterName="one", principalArn=role, policyArn=policy)


def test_lists_come_in_pages(eks: Any, aws: Emulated) -> None:
    """A paginator sees every entry once."""
    aws.cluster("pages")
    roles = sorted(aws.role(f"page-{number}") for number in range(5))
    for role in roles:
        eks.create_access_entry(clusterName="pages", principalArn=role)
    pages = eks.get_paginator("list_access_entries").paginate(
        clusterName="pages", PaginationConfig={"PageSize": 2}
    )
    assert [entry for page in pages for entry in page["accessEntries"]] == roles


def test_a_service_account_has_one_association(eks: Any, aws: Emulated) -> None:
    """A second association is refused; update changes the role; delete ends it."""
    target = {"clusterName": "one", "namespace": "tenant-vision", "serviceAccount": "training"}
    association = eks.create_pod_identity_association(**target, roleArn=POD_ROLE)["association"]
    identity = {"clusterName": "one", "associationId": association["associationId"]}
    with pytest.raises(ClientError, match="Association already exists"):
        eks.create_pod_identity_association(**target, roleArn=POD_ROLE)
    other = aws.role("pod-other", "pods.eks.amazonaws.com")
    eks.update_pod_identity_association(**identity, roleArn=other)
    assert eks.describe_pod_identity_association(**identity)["association"]["roleArn"] == other
    eks.delete_pod_identity_association(**identity)
    with pytest.raises(ClientError, match="No pod identity association found"):
        eks.describe_pod_identity_association(**identity)


def test_an_add_on_owns_its_associations(eks: Any) -> None:
    """They appear with the add-on and go with it."""
    wanted = [{"serviceAccount": "aws-node", "roleArn": POD_ROLE}]
    addon = eks.create_addon(clusterName="one", addonName="vpc-cni", podIdentityAssociations=wanted)["addon"]
    listed = eks.list_pod_identity_associations(clusterName="one", serviceAccount="aws-node")["associations"]
    assert [item["associationArn"] for item in listed] == addon["podIdentityAssociations"]
    eks.delete_addon(clusterName="one", addonName="vpc-cni")
    listed = eks.list_pod_identity_associations(clusterName="one", serviceAccount="aws-node")["associations"]
    assert listed == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"addonName": "no-such"}, "not supported"),
        ({"addonName": "coredns", "addonVersion": "1.2"}, "version specified is not supported"),
        ({"addonName": "coredns", "configurationValues": "{"}, "not valid JSON"),
    ],
)
def test_wrong_add_ons_are_refused(eks: Any, settings: dict[str, str], message: str) -> None:
    """A misspelt add-on, version or configuration is an error of the API."""
    with pytest.raises(ClientError, match=message):
        eks.create_addon(clusterName="one", **settings)


def test_everything_with_an_arn_takes_tags(eks: Any, aws: Emulated) -> None:
    """Tags of a cluster, an entry and an add-on are set and removed through the same operations."""
    cluster = aws.cluster("tags")["arn"]
    entry = eks.create_access_entry(clusterName="tags", principalArn=aws.role("tagged"))["accessEntry"]
    addon = eks.create_addon(clusterName="tags", addonName="coredns")["addon"]
    for arn in (cluster, entry["accessEntryArn"], addon["addonArn"]):
        eks.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
        eks.untag_resource(resourceArn=arn, tagKeys=["a"])
        assert eks.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
