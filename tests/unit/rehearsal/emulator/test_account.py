"""Identities, the inventory, and what we amended in moto's other services."""

from __future__ import annotations

import json
import stat
from typing import Any

import pytest
from botocore.exceptions import ClientError

from groundplan.rehearsal import inventory
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, REGION, Emulated


def test_the_deployer_is_an_assumed_role(aws: Emulated) -> None:
    """Its credentials are a session of its role, and only their owner can read them."""
    assert (
        aws.client("sts").get_caller_identity()["Arn"].endswith(":assumed-role/groundplan-deployer/rehearsal")
    )
    aws.emulator.record_baseline(aws.credentials, aws.credentials)
    file = aws.emulator.world.run / "credentials.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_unknown_access_key_has_no_identity(aws: Emulated) -> None:
    """Without our STS, moto would answer with a made-up user."""
    unknown = aws.credentials | {"AccessKeyId": "AKIAAAAAAAAAAAAAAAAA"}
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        aws.client("sts", unknown).get_caller_identity()


def test_a_role_that_does_not_exist_is_not_assumed(aws: Emulated) -> None:
    """Without our STS, moto would make a session of it."""
    with pytest.raises(ClientError, match="AccessDenied"):
        aws.session_of(f"arn:aws:iam::{ACCOUNT_ID}:role/nobody")


def test_the_inventory_lists_what_is_new_and_ends_empty(aws: Emulated) -> None:
    """What was there at the start is left out; a deleted key counts as gone although AWS keeps it a week."""
    aws.emulator.record_baseline(aws.credentials, aws.credentials)
    before = json.loads(inventory.baseline_file(aws.emulator.world).read_text())
    assert "Roles/groundplan-deployer" in before["iam"]
    start = take(aws)
    key = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    aws.client("s3").create_bucket(Bucket="listed", CreateBucketConfiguration={"LocationConstraint": REGION})
    aws.client("ecr").create_repository(repositoryName="listed/one")
    aws.client("logs").create_log_group(logGroupName="/listed")
    role = aws.role("listed")
    aws.cluster("listed", accessConfig={"authenticationMode": "API"})
    now = take(aws)
    new = {service: set(ids) - set(start[service]) for service, ids in now.items()}
    assert new["kms"] == {f"Keys/{key}"}
    assert new["s3"] == {"Buckets/listed"}
    assert new["ecr"] == {"repositories/listed/one"}
    assert new["logs"] == {"logGroups//listed"}
    assert new["iam"] == {"Roles/listed"}
    assert {item.split("/")[0] for item in new["eks"]} == {"clusters", "accessEntries"}
    assert {item.split("/")[0] for item in new["ec2"]} == {"SecurityGroups"}
    aws.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    aws.client("s3").delete_bucket(Bucket="listed")
    aws.client("ecr").delete_repository(repositoryName="listed/one")
    aws.client("logs").delete_log_group(logGroupName="/listed")
    aws.client("iam").delete_role(RoleName=role.rpartition("/")[2])
    aws.client("eks").delete_cluster(name="listed")
    assert take(aws) == start


def take(aws: Emulated) -> inventory.Inventory:
    """The whole inventory now."""
    return inventory.take(
        aws.emulator.api.local_url, aws.emulator.world.certificate_authority, REGION, aws.credentials
    )


def test_a_nat_gateway_leaves_nothing(aws: Emulated) -> None:
    """Its interface goes with it and its address can be released."""
    ec2, start = aws.client("ec2"), take(aws)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    created = ec2.create_nat_gateway(SubnetId=aws.subnets[0], AllocationId=address)
    assert len(take(aws)["ec2"]) == len(start["ec2"]) + 3
    ec2.delete_nat_gateway(NatGatewayId=created["NatGateway"]["NatGatewayId"])
    ec2.release_address(AllocationId=address)
    assert take(aws) == start


def test_flow_logs_go_to_a_folder_of_a_bucket(aws: Emulated) -> None:
    """Destination and file options come back as given."""
    ec2 = aws.client("ec2")
    aws.client("s3").create_bucket(Bucket="flow", CreateBucketConfiguration={"LocationConstraint": REGION})
    vpc = ec2.describe_subnets(SubnetIds=aws.subnets[:1])["Subnets"][0]["VpcId"]
    options = {"FileFormat": "parquet", "HiveCompatiblePartitions": True, "PerHourPartition": True}
    created = ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::flow/vpc/",
        DestinationOptions=options,
    )
    [found] = ec2.describe_flow_logs(FlowLogIds=created["FlowLogIds"])["FlowLogs"]
    assert (found["LogDestination"], found["DestinationOptions"]) == ("arn:aws:s3:::flow/vpc/", options)


def test_a_flow_log_to_a_log_group_is_delivered(aws: Emulated) -> None:
    """A log group given by its ARN is found."""
    ec2 = aws.client("ec2")
    aws.client("logs").create_log_group(logGroupName="/flow")
    created = ec2.create_flow_logs(
        ResourceIds=aws.subnets[:1],
        ResourceType="Subnet",
        TrafficType="ALL",
        LogDestinationType="cloud-watch-logs",
        LogDestination=f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/flow",
        DeliverLogsPermissionArn=aws.role("flow", "vpc-flow-logs.amazonaws.com"),
    )
    [found] = ec2.describe_flow_logs(FlowLogIds=created["FlowLogIds"])["FlowLogs"]
    assert found["DeliverLogsStatus"] == "SUCCESS"


def test_keys_tell_their_rotation_period(aws: Emulated) -> None:
    """The period comes back as given."""
    kms = aws.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    status = kms.get_key_rotation_status(KeyId=key)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 180)


def test_life_cycle_rules_come_back_whole(aws: Emulated) -> None:
    """The AWS provider waits until they do."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="tiers", CreateBucketConfiguration={"LocationConstraint": REGION})
    rule: dict[str, Any] = {
        "ID": "tiers",
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": "x/", "ObjectSizeGreaterThan": 1000}},
        "Transitions": [{"Days": 30, "StorageClass": "INTELLIGENT_TIERING"}],
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 3},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    s3.put_bucket_lifecycle_configuration(Bucket="tiers", LifecycleConfiguration={"Rules": [rule]})
    assert s3.get_bucket_lifecycle_configuration(Bucket="tiers")["Rules"] == [rule]


def test_policies_of_aws_can_be_attached(aws: Emulated) -> None:
    """Those that EKS' cluster and node roles need are there."""
    iam = aws.client("iam")
    role = aws.role("managed").rpartition("/")[2]
    for name in ("AmazonEKSClusterPolicy", "AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"):
        iam.attach_role_policy(RoleName=role, PolicyArn=f"arn:aws:iam::aws:policy/{name}")
    assert len(iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]) == 3
