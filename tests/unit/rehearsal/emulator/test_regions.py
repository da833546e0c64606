"""One account, several regions: what is in one is not in the others."""

from __future__ import annotations

from typing import Any

from tests.unit.rehearsal.emulator.checked import checked_client
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, REGION, Emulated

AWAY = "eu-west-1"


def _subnets(aws: Emulated, region: str) -> list[str]:
    ec2 = aws.client("ec2", region=region)
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    made = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{i}.0/24", AvailabilityZone=f"{region}{zone}")
        for i, zone in enumerate("abc")
    ]
    return [answer["Subnet"]["SubnetId"] for answer in made]


def test_clusters_of_eks_are_their_regions(aws: Emulated) -> None:
    """Two of the same name; each uses keys and subnets of its own region."""
    for region in (REGION, AWAY):
        key = aws.client("kms", region=region).create_key()["KeyMetadata"]["Arn"]
        made: dict[str, Any] = checked_client(aws, "eks", region).create_cluster(
            name="twin",
            roleArn=f"arn:aws:iam::{ACCOUNT_ID}:role/cluster",
            resourcesVpcConfig={"subnetIds": _subnets(aws, region)},
            encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": key}}],
            accessConfig={"authenticationMode": "API"},
        )["cluster"]
        assert made["arn"] == f"arn:aws:eks:{region}:{ACCOUNT_ID}:cluster/twin"
    checked_client(aws, "eks", AWAY).delete_cluster(name="twin")
    assert checked_client(aws, "eks").list_clusters()["clusters"] == ["twin"]
    assert checked_client(aws, "eks", AWAY).list_clusters()["clusters"] == []


def test_clusters_of_kafka_are_their_regions(aws: Emulated) -> None:
    """Subnets of another region do not exist."""
    client = checked_client(aws, "kafka", AWAY)
    serverless = {
        "VpcConfigs": [{"SubnetIds": _subnets(aws, AWAY)}],
        "ClientAuthentication": {"Sasl": {"Iam": {"Enabled": True}}},
    }
    made = client.create_cluster_v2(ClusterName="twin", Serverless=serverless)
    assert made["ClusterArn"].startswith(f"arn:aws:kafka:{AWAY}:")
    assert checked_client(aws, "kafka").list_clusters_v2()["ClusterInfoList"] == []


def test_trails_are_found_by_name_in_each_region(aws: Emulated) -> None:
    """Each region tells the multi-region trails of the others, but who asks for one gets one."""
    for region in (REGION, AWAY):
        bucket, s3 = f"records-{region}", aws.client("s3", region=region)
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
        aws.client("cloudtrail", region=region).create_trail(
            Name=f"trail-{region}", S3BucketName=bucket, IsMultiRegionTrail=True
        )
    client = checked_client(aws, "cloudtrail", AWAY)
    assert len(client.describe_trails()["trailList"]) == 2
    arn = f"arn:aws:cloudtrail:{AWAY}:{ACCOUNT_ID}:trail/trail-{AWAY}"
    for name in (arn, f"trail-{AWAY}"):
        assert [trail["TrailARN"] for trail in client.describe_trails(trailNameList=[name])["trailList"]] == [
            arn
        ]
