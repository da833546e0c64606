"""Tests of the cache."""

from __future__ import annotations

import json

from tests.unit.infra.recording import dev_estate, guarded_estate, prod_estate

GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
USER = "aws:elasticache/user:User"
POLICY = "aws:iam/rolePolicy:RolePolicy"


def test_the_cache_is_encrypted_in_both_ways() -> None:
    """With its own key at rest, and by TLS without exception."""
    cache = dev_estate().one(GROUP).inputs
    assert (cache["atRestEncryptionEnabled"], cache["transitEncryptionEnabled"]) == (True, True)
    assert cache["transitEncryptionMode"] == "required"
    assert cache["kmsKeyId"] == "arn:of:aws:kms/key:Key:groundplan-dev-cache"


def test_nobody_logs_in_by_a_password() -> None:
    """Each tenant has a user of IAM for its own keys; there is no token and no user `default`."""
    estate = prod_estate()
    users = {user.name: user.inputs for user in estate.of(USER)}
    assert {"prod-vision", "prod-speech"} <= set(users)
    for name, user in users.items():
        tenant = name.removeprefix("prod-")
        assert user["authenticationMode"] == {"type": "iam"}
        assert user["userId"] == user["userName"] == name, "IAM needs them to be equal"
        assert user["accessString"].startswith(f"on ~{tenant}:* resetchannels &{tenant}:* -@all ")
        assert "-@dangerous" in user["accessString"]
        about_all_keys = " -scan -randomkey -dbsize -pubsub"
        assert user["accessString"].endswith(about_all_keys), "no pattern of keys holds for these"
        assert "+@all" not in user["accessString"]
    group = estate.one("aws:elasticache/userGroup:UserGroup").inputs
    assert sorted(group["userIds"]) == sorted(users)
    cache = estate.one(GROUP).inputs
    assert cache["userGroupIds"] == ["groundplan-prod-cache"]
    assert "authToken" not in cache


def test_replicas_survive_the_loss_of_a_zone() -> None:
    """One node in dev; in prod three, with failover and a month of snapshots."""
    dev, prod = dev_estate().one(GROUP).inputs, prod_estate().one(GROUP).inputs
    assert (dev["numCacheClusters"], dev["automaticFailoverEnabled"], dev["multiAzEnabled"]) == (
        1,
        False,
        False,
    )
    assert (prod["numCacheClusters"], prod["automaticFailoverEnabled"], prod["multiAzEnabled"]) == (
        3,
        True,
        True,
    )
    assert prod["snapshotRetentionLimit"] == 35
    subnets = prod_estate().one("aws:elasticache/subnetGroup:SubnetGroup").inputs["subnetIds"]
    assert len(subnets) == 3
    assert all("isolated" in subnet for subnet in subnets)


def test_workloads_connect_as_their_own_tenant() -> None:
    """Ingest and inference, to this cache and as one user; training has no business with it."""
    for workload, connects in (("ingest", True), ("inference", True), ("training", False)):
        policy = dev_estate().one(POLICY, f"groundplan-dev-vision-{workload}")
        found = [one for one in policy.document() if "elasticache:Connect" in one["Action"]]
        assert bool(found) is connects, workload
        if found:
            assert found[0]["Resource"] == [
                "arn:of:aws:elasticache/replicationGroup:ReplicationGroup:groundplan-dev-cache",
                "arn:of:aws:elasticache/user:User:dev-vision",
            ]
            assert "*" not in json.dumps(found)


def test_the_cache_is_guarded_where_data_is_protected() -> None:
    """Pulumi refuses to delete it, and a last snapshot would stay."""
    guarded, free = guarded_estate().one(GROUP), dev_estate().one(GROUP)
    assert guarded.protect
    assert guarded.inputs["finalSnapshotIdentifier"] == "groundplan-dev-cache-last"
    assert not free.protect
    assert "finalSnapshotIdentifier" not in free.inputs
