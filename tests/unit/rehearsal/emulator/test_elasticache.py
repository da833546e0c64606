"""ElastiCache for Valkey as we made it in moto: behaviour, and the shape of each answer."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.rehearsal.emulator.checked import checked_client, left
from tests.unit.rehearsal.emulator.emulated import Emulated


@pytest.fixture
def cache(aws: Emulated) -> Any:
    """A client in an account with one user in a group, and a replication group of three nodes."""
    client = checked_client(aws, "elasticache")
    client.create_cache_subnet_group(
        CacheSubnetGroupName="one", CacheSubnetGroupDescription="zones", SubnetIds=aws.subnets
    )
    user = {"UserId": "vision", "UserName": "vision", "Engine": "valkey", "AccessString": "on ~* -@all"}
    client.create_user(**user, AuthenticationMode={"Type": "iam"})
    tags = [{"Key": "a", "Value": "b"}]
    client.create_user_group(UserGroupId="one", Engine="valkey", UserIds=["vision"], Tags=tags)
    client.create_replication_group(
        ReplicationGroupId="one",
        ReplicationGroupDescription="features",
        Engine="valkey",
        EngineVersion="8.0",
        CacheNodeType="cache.m7g.large",
        NumCacheClusters=3,
        AutomaticFailoverEnabled=True,
        MultiAZEnabled=True,
        CacheSubnetGroupName="one",
        UserGroupIds=["one"],
        TransitEncryptionEnabled=True,
        TransitEncryptionMode="required",
        Tags=tags,
    )
    yield client
    client.delete_replication_group(ReplicationGroupId="one")
    client.delete_user_group(UserGroupId="one")
    client.delete_user(UserId="vision")
    client.describe_users(UserId="vision")  # the last time that it is shown
    client.delete_cache_subnet_group(CacheSubnetGroupName="one")


def test_a_group_has_a_node_in_each_zone(cache: Any, aws: Emulated) -> None:
    """A primary and replicas that are clusters of their own; all of it in the inventory."""
    [group] = cache.describe_replication_groups(ReplicationGroupId="one")["ReplicationGroups"]
    members = group["NodeGroups"][0]["NodeGroupMembers"]
    assert [one["PreferredAvailabilityZone"][-1] for one in members] == ["a", "b", "c"]
    assert [one["CurrentRole"] for one in members] == ["primary", "replica", "replica"]
    assert (group["MultiAZ"], group["AutomaticFailover"]) == ("enabled", "enabled")
    [member] = cache.describe_cache_clusters(CacheClusterId="one-002")["CacheClusters"]
    assert (member["Engine"], member["EngineVersion"]) == ("valkey", "8.0.1")
    assert cache.list_tags_for_resource(ResourceName=group["ARN"])["TagList"] == [{"Key": "a", "Value": "b"}]
    assert {"ReplicationGroups/one", "CacheClusters/one-003", "UserGroups/one", "Users/vision"} <= set(
        left(aws, "elasticache")
    )


def test_a_group_is_changed_in_place(cache: Any) -> None:
    """Snapshots, failover, users."""
    cache.modify_replication_group(
        ReplicationGroupId="one", SnapshotRetentionLimit=7, MultiAZEnabled=False, UserGroupIdsToRemove=["one"]
    )
    [group] = cache.describe_replication_groups()["ReplicationGroups"]
    assert (group["SnapshotRetentionLimit"], group["MultiAZ"]) == (7, "disabled")
    assert group["UserGroupIds"] == []


def test_users_of_a_group(cache: Any) -> None:
    """Added, removed and changed; the group knows whom it serves."""
    cache.create_user(
        UserId="two", UserName="two", Engine="valkey", AccessString="off", AuthenticationMode={"Type": "iam"}
    )
    cache.modify_user_group(UserGroupId="one", UserIdsToAdd=["two"], UserIdsToRemove=["vision"])
    [group] = cache.describe_user_groups(UserGroupId="one")["UserGroups"]
    assert (group["UserIds"], group["ReplicationGroups"]) == (["two"], ["one"])
    assert cache.modify_user(UserId="two", AccessString="on ~* -@all")["AccessString"] == "on ~* -@all"
    cache.delete_user(UserId="two")
    cache.describe_users(UserId="two")


def test_what_is_not_there(cache: Any) -> None:
    """Each kind has its own error, by which the provider knows that a deletion is over."""
    for call, code in (
        (lambda: cache.describe_replication_groups(ReplicationGroupId="x"), "ReplicationGroupNotFoundFault"),
        (lambda: cache.describe_user_groups(UserGroupId="x"), "UserGroupNotFound"),
        (lambda: cache.describe_cache_clusters(CacheClusterId="x"), "CacheClusterNotFound"),
        (lambda: cache.create_user_group(UserGroupId="x", Engine="redis", UserIds=[]), "DefaultUserRequired"),
        (lambda: cache.create_user_group(UserGroupId="one", Engine="valkey"), "UserGroupAlreadyExists"),
    ):
        with pytest.raises(ClientError) as error:
            call()
        assert error.value.response["Error"]["Code"] == code
