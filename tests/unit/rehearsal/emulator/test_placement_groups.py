"""Placement groups and rules between nodes, as we added or corrected them in moto."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.unit.rehearsal.emulator.checked import checked_client, left
from tests.unit.rehearsal.emulator.emulated import Emulated


def test_placement_groups(aws: Emulated) -> None:
    """Created with tags, found by name and id, retagged and deleted."""
    client = checked_client(aws, "ec2")
    tags = [{"ResourceType": "placement-group", "Tags": [{"Key": "Name", "Value": "one"}]}]
    made = client.create_placement_group(GroupName="one", Strategy="cluster", TagSpecifications=tags)
    group = made["PlacementGroup"]
    assert (group["State"], group["Strategy"]) == ("available", "cluster")
    client.create_tags(Resources=[group["GroupId"]], Tags=[{"Key": "a", "Value": "b"}])
    client.create_placement_group(GroupName="two", Strategy="partition", PartitionCount=3)
    [found] = client.describe_placement_groups(GroupNames=["one"])["PlacementGroups"]
    assert {tag["Key"]: tag["Value"] for tag in found["Tags"]} == {"Name": "one", "a": "b"}
    [found] = client.describe_placement_groups(GroupIds=[group["GroupId"]])["PlacementGroups"]
    assert found["GroupName"] == "one"
    assert [one for one in left(aws, "ec2") if one.startswith("PlacementGroups/")] != []
    for name in ("one", "two"):
        client.delete_placement_group(GroupName=name)
    assert [one for one in left(aws, "ec2") if one.startswith("PlacementGroups/")] == []


def test_what_is_wrong_with_a_placement_group(aws: Emulated) -> None:
    """A name taken, a name unknown, a strategy that there is not."""
    client = checked_client(aws, "ec2")
    client.create_placement_group(GroupName="taken", Strategy="spread")
    for call, code in (
        (lambda: client.create_placement_group(GroupName="taken", Strategy="spread"), "Duplicate"),
        (lambda: client.describe_placement_groups(GroupNames=["nothing"]), "Unknown"),
        (lambda: client.delete_placement_group(GroupName="nothing"), "Unknown"),
        (lambda: client.create_placement_group(GroupName="x", Strategy="near"), "InvalidParameterValue"),
    ):
        with pytest.raises(ClientError, match=code):
            call()
    client.delete_placement_group(GroupName="taken")


def test_a_rule_about_a_group_keeps_its_description(aws: Emulated) -> None:
    """As one about addresses does."""
    client = checked_client(aws, "ec2")
    vpc = client.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = client.create_security_group(GroupName="efa", Description="nodes", VpcId=vpc)["GroupId"]
    pair = {"GroupId": group, "Description": "within the group"}
    permission = {"IpProtocol": "-1", "UserIdGroupPairs": [pair]}
    client.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    rules = client.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    [rule] = [rule for rule in rules["SecurityGroupRules"] if not rule["IsEgress"]]
    assert rule["Description"] == "within the group"
    client.delete_security_group(GroupId=group)
