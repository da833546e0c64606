"""File systems of FSx for Lustre and their links to S3, which we added to moto."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from groundplan.rehearsal.emulator.deployer_record import PROVIDER
from tests.unit.rehearsal.emulator.checked import checked_client, left
from tests.unit.rehearsal.emulator.emulated import Emulated

LUSTRE = {
    "FileSystemType": "LUSTRE",
    "FileSystemTypeVersion": "2.15",
    "StorageCapacity": 1200,
    "LustreConfiguration": {
        "DeploymentType": "PERSISTENT_2",
        "PerUnitStorageThroughput": 125,
        "MetadataConfiguration": {"Mode": "AUTOMATIC"},
    },
}


@pytest.fixture
def system(aws: Emulated) -> Any:
    """A file system, and a client."""
    client = checked_client(aws, "fsx")
    tags = [{"Key": "Name", "Value": "one"}]
    made = client.create_file_system(**LUSTRE, SubnetIds=aws.subnets[:1], Tags=tags)["FileSystem"]
    yield client, made["FileSystemId"]
    client.delete_file_system(FileSystemId=made["FileSystemId"])
    assert left(aws, "fsx") == []


def test_a_file_system_is_told_as_fsx_tells_it(aws: Emulated, system: Any) -> None:
    """With a name to mount it by, its network, and what was asked for; it grows in place."""
    client, name = system
    [told] = client.describe_file_systems(FileSystemIds=[name])["FileSystems"]
    assert told["Lifecycle"] == "AVAILABLE"
    assert told["SubnetIds"] == aws.subnets[:1]
    assert told["VpcId"]
    assert told["Tags"] == [{"Key": "Name", "Value": "one"}]
    assert told["LustreConfiguration"]["MountName"]
    assert told["LustreConfiguration"]["MetadataConfiguration"] == {"Mode": "AUTOMATIC", "Iops": 1500}
    client.update_file_system(FileSystemId=name, StorageCapacity=2400)
    [told] = client.describe_file_systems()["FileSystems"]
    assert told["StorageCapacity"] == 2400
    assert left(aws, "fsx") == [f"FileSystems/{name}"]


def test_a_security_group_without_rules_is_refused(aws: Emulated) -> None:
    """Lustre's port must be open both ways when the file system is made; afterwards is too late."""
    ec2, client = aws.client("ec2"), checked_client(aws, "fsx")
    vpc = ec2.describe_subnets(SubnetIds=aws.subnets[:1])["Subnets"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="lustre", Description="closed", VpcId=vpc)["GroupId"]
    where = {"SubnetIds": aws.subnets[:1], "SecurityGroupIds": [group]}
    with pytest.raises(ClientError, match="InvalidNetworkSettings"):
        client.create_file_system(**LUSTRE, **where)
    pairs = [{"GroupId": group}]
    rule = {"IpProtocol": "tcp", "FromPort": 988, "ToPort": 1023, "UserIdGroupPairs": pairs}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    made = client.create_file_system(**LUSTRE, **where)["FileSystem"]
    client.delete_file_system(FileSystemId=made["FileSystemId"])
    ec2.delete_security_group(GroupId=group)


def test_a_link_to_the_lake(aws: Emulated, system: Any) -> None:
    """Made, told, changed and ended; the inventory sees it."""
    client, name = system
    asked = {
        "FileSystemId": name,
        "FileSystemPath": "/curated",
        "DataRepositoryPath": "s3://curated/vision/",
        "BatchImportMetaDataOnCreate": True,
        "S3": {"AutoImportPolicy": {"Events": ["NEW"]}},
    }
    link = client.create_data_repository_association(**asked)["Association"]["AssociationId"]
    events = {"AutoImportPolicy": {"Events": ["NEW", "CHANGED", "DELETED"]}}
    client.update_data_repository_association(AssociationId=link, S3=events)
    [told] = client.describe_data_repository_associations(AssociationIds=[link])["Associations"]
    assert (told["S3"], told["Lifecycle"]) == (events, "AVAILABLE")
    assert f"Associations/{link}" in left(aws, "fsx")
    with pytest.raises(ClientError, match="is linked already"):
        client.create_data_repository_association(**asked)
    client.delete_data_repository_association(AssociationId=link)
    with pytest.raises(ClientError, match="DataRepositoryAssociationNotFound"):
        client.describe_data_repository_associations(AssociationIds=[link])


def test_what_is_not_there_is_an_error(aws: Emulated) -> None:
    """The AWS provider waits for it when it deletes."""
    client = checked_client(aws, "fsx")
    with pytest.raises(ClientError, match="FileSystemNotFound"):
        client.describe_file_systems(FileSystemIds=["fs-01234567"])


def test_the_provider_does_not_wait_for_what_is_gone(aws: Emulated) -> None:
    """Ten minutes it would; people are told of a deletion as FSx tells them."""
    client = checked_client(aws, "fsx")

    def call_as_provider(request: Any, **_: Any) -> None:
        request.headers["User-Agent"] = f"APN/1.0 {PROVIDER}/6"

    client.meta.events.register("before-sign.fsx", call_as_provider)
    made = client.create_file_system(**LUSTRE, SubnetIds=aws.subnets[:1])["FileSystem"]
    with pytest.raises(ClientError, match="FileSystemNotFound"):
        client.delete_file_system(FileSystemId=made["FileSystemId"])
    assert left(aws, "fsx") == []
