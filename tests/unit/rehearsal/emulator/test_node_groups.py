"""EKS node groups of the emulator."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from botocore.exceptions import ClientError

from groundplan.rehearsal.emulator.eks.account import Account
from infra.planning.gpu_parts import node_settings
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, Emulated

NODE_ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/node"


@pytest.fixture(scope="module")
def eks(aws: Emulated) -> Any:
    """EKS, with a cluster named `one`."""
    aws.cluster("one")
    return aws.client("eks")


def create(eks: Any, aws: Emulated, name: str, **settings: Any) -> dict[str, Any]:
    """Create a node group in cluster `one`."""
    return eks.create_nodegroup(
        clusterName="one", nodegroupName=name, subnets=aws.subnets, nodeRole=NODE_ROLE, **settings
    )["nodegroup"]


def test_a_gpu_pool_comes_back_as_given(eks: Any, aws: Emulated) -> None:
    """Launch template, taints, labels, repair and update settings: a second look shows no difference."""
    template = aws.client("ec2").create_launch_template(
        LaunchTemplateName="gpu", LaunchTemplateData={"MetadataOptions": {"HttpTokens": "required"}}
    )["LaunchTemplate"]
    settings = {
        "amiType": "AL2023_x86_64_NVIDIA",
        "capacityType": "ON_DEMAND",
        "instanceTypes": ["g6.12xlarge"],
        "labels": {"groundplan.dev/pool": "gpu"},
        "taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}],
        "scalingConfig": {"minSize": 0, "maxSize": 2, "desiredSize": 1},
        "nodeRepairConfig": {"enabled": True},
        "updateConfig": {"maxUnavailable": 1},
        "tags": {"team": "ml"},
    }
    create(eks, aws, "gpu", launchTemplate={"id": template["LaunchTemplateId"], "version": "1"}, **settings)
    group = eks.describe_nodegroup(clusterName="one", nodegroupName="gpu")["nodegroup"]
    assert {name: group[name] for name in settings} == settings
    assert group["launchTemplate"] == {"id": template["LaunchTemplateId"], "name": "gpu", "version": "1"}
    assert group["status"] == "ACTIVE"


def test_its_role_may_join_the_cluster(eks: Any, aws: Emulated) -> None:
    """In API mode EKS makes an access entry for the role of the nodes."""
    create(eks, aws, "joins")
    entry = eks.describe_access_entry(clusterName="one", principalArn=NODE_ROLE)["accessEntry"]
    assert (entry["type"], entry["kubernetesGroups"]) == ("EC2_LINUX", ["system:nodes"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"instanceTypes": ["g6.13xlarge"]}, "instance types do not exist"),
        ({"launchTemplate": {"id": "lt-0"}}, "does not exist"),
        ({"taints": [{"key": "a", "effect": "NoSchedule"}]}, "is not one of NO_SCHEDULE"),
        ({"scalingConfig": {"minSize": -1}}, "less than 0"),
        ({"scalingConfig": {"minSize": 2, "maxSize": 5, "desiredSize": 1}}, "greater than desired size 1"),
        ({"scalingConfig": {"minSize": 0, "maxSize": 5, "desiredSize": 6}}, "greater than max size 5"),
    ],
)
def test_what_aws_refuses_is_refused(eks: Any, aws: Emulated, settings: dict[str, Any], message: str) -> None:
    """A wrong parameter is an error of the API, and no group comes of it."""
    with pytest.raises(ClientError, match=message):
        create(eks, aws, "refused", **settings)
    assert "refused" not in eks.list_nodegroups(clusterName="one")["nodegroups"]


def test_labels_taints_and_size_can_be_updated(eks: Any, aws: Emulated) -> None:
    """UpdateNodegroupConfig adds, changes and removes."""
    taint = {"key": "a", "value": "1", "effect": "NO_SCHEDULE"}
    create(eks, aws, "changes", labels={"old": "x", "kept": "y"}, taints=[taint])
    eks.update_nodegroup_config(
        clusterName="one",
        nodegroupName="changes",
        labels={"addOrUpdateLabels": {"new": "z"}, "removeLabels": ["old"]},
        taints={"addOrUpdateTaints": [taint | {"value": "2"}]},
        scalingConfig={"minSize": 1, "maxSize": 5, "desiredSize": 3},
    )
    group = eks.describe_nodegroup(clusterName="one", nodegroupName="changes")["nodegroup"]
    assert group["labels"] == {"kept": "y", "new": "z"}
    assert group["taints"] == [taint | {"value": "2"}]
    assert group["scalingConfig"] == {"minSize": 1, "maxSize": 5, "desiredSize": 3}


def test_a_size_out_of_its_bounds_is_refused(eks: Any, aws: Emulated) -> None:
    """Also one that is changed alone; then all stays as it was."""
    create(eks, aws, "bounded", scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 2})
    with pytest.raises(ClientError, match="Minimum capacity 1 can't be greater than desired size 0"):
        eks.update_nodegroup_config(
            clusterName="one", nodegroupName="bounded", scalingConfig={"desiredSize": 0}
        )
    group = eks.describe_nodegroup(clusterName="one", nodegroupName="bounded")["nodegroup"]
    assert group["scalingConfig"]["desiredSize"] == 2


def test_a_cluster_with_node_groups_is_not_deleted(eks: Any, aws: Emulated) -> None:
    """The group must go first."""
    aws.cluster("busy")
    eks.create_nodegroup(clusterName="busy", nodegroupName="g", subnets=aws.subnets, nodeRole=NODE_ROLE)
    with pytest.raises(ClientError, match="nodegroups attached"):
        eks.delete_cluster(name="busy")
    eks.delete_nodegroup(clusterName="busy", nodegroupName="g")
    eks.delete_cluster(name="busy")


@pytest.mark.parametrize(
    ("strategy", "expected"), [("time-slicing", 4), ("mig", 3), (None, 1)], ids=["slices", "mig", "whole"]
)
def test_divided_gpus_are_counted_by_the_settings_of_the_node(
    aws: Emulated, strategy: str | None, expected: int
) -> None:
    """As the device plugin would tell them to the kubelet."""
    data: dict[str, Any] = {"MetadataOptions": {"HttpTokens": "required"}}
    if strategy:
        settings = node_settings(strategy, expected, "A100")
        data["UserData"] = b64encode(settings.encode()).decode()
    template = aws.client("ec2").create_launch_template(
        LaunchTemplateName=f"divided-{strategy}", LaunchTemplateData=data
    )["LaunchTemplate"]
    name = template["LaunchTemplateName"]
    versions = aws.client("ec2").describe_launch_template_versions(LaunchTemplateName=name)
    [told] = versions["LaunchTemplateVersions"]
    assert told["LaunchTemplateData"].get("UserData") == data.get("UserData")
    account = Account(ACCOUNT_ID, "eu-central-1")
    assert account.gpu_parts({"id": template["LaunchTemplateId"], "version": "1"}) == expected
    assert account.gpu_parts(None) == 1
