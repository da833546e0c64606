"""Tests of the file system that training reads from."""

from __future__ import annotations

import pytest

from tests.unit.infra.recording import dev_estate, guarded_estate

SYSTEM = "aws:fsx/lustreFileSystem:LustreFileSystem"
LINK = "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
NAME = "groundplan-dev-vision-training"


def test_there_is_none_unless_it_is_asked_for() -> None:
    """Neither the file system nor its driver, and the lake's key serves S3 alone."""
    assert not dev_estate().of(SYSTEM)
    addons = [addon.name for addon in dev_estate().of("aws:eks/addon:Addon")]
    assert "aws-fsx-csi-driver" not in addons
    statements = dev_estate().one("aws:kms/key:Key", "groundplan-dev-lake").document()
    assert not [one for one in statements if "FileSystems" in one["Sid"] or "Links" in one["Sid"]]


def test_it_is_encrypted_as_the_lake_is_and_stands_near_the_nodes() -> None:
    """With the key of the class of data that it shows a copy of, in the one zone of the pool."""
    system = guarded_estate().one(SYSTEM)
    assert system.inputs["kmsKeyId"] == "arn:of:aws:kms/key:Key:groundplan-dev-lake"
    assert system.inputs["subnetIds"] == "groundplan-dev-isolated-eu-central-1a-id"
    assert system.inputs["deploymentType"] == "PERSISTENT_2"
    group = guarded_estate().one("aws:eks/nodeGroup:NodeGroup", "groundplan-dev-gpu")
    assert group.inputs["subnetIds"] == ["groundplan-dev-private-eu-central-1a-id"]


def test_it_is_guarded_and_needs_no_backup() -> None:
    """Pulumi deletes none in production; FSx backs up none that is linked to S3."""
    system = guarded_estate().one(SYSTEM)
    assert system.protect
    assert system.inputs["automaticBackupRetentionDays"] == 0
    assert system.inputs["skipFinalBackup"] is True


def test_it_shows_the_tenants_part_of_the_lake_and_no_more() -> None:
    """Curated data and features, which follow the lake; nothing goes back."""
    links = {link.inputs["fileSystemPath"]: link.inputs for link in guarded_estate().of(LINK)}
    assert set(links) == {"/curated", "/features"}
    for folder, link in links.items():
        bucket = f"groundplan-dev-{folder.strip('/')}-123456789012"
        assert link["dataRepositoryPath"] == f"s3://{bucket}/vision/"
        assert link["s3"] == {"autoImportPolicy": {"events": ["NEW", "CHANGED", "DELETED"]}}
        assert link["batchImportMetaDataOnCreate"] is True


@pytest.mark.parametrize("first", [988, 1018])
def test_servers_and_nodes_reach_each_other(first: int) -> None:
    """Servers take calls of nodes of the zone and of each other; nodes take those of servers."""
    rules = [
        rule.inputs
        for rule in guarded_estate().of(INGRESS)
        if rule.name.startswith(NAME) and rule.inputs["fromPort"] == first
    ]
    group = f"{NAME}-id"
    assert {rule["securityGroupId"] for rule in rules} == {group, "groundplan-dev-nodes"}
    ranges = [rule["cidrIpv4"] for rule in rules if "cidrIpv4" in rule]
    assert ranges == ["10.40.0.0/18"]
    assert all(rule["referencedSecurityGroupId"] == group for rule in rules if "cidrIpv4" not in rule)


def test_its_ports_are_open_before_it_is_there() -> None:
    """FSx refuses a file system whose security groups do not let Lustre through yet."""
    estate = guarded_estate()
    rules = {rule.urn for kind in (INGRESS, EGRESS) for rule in estate.of(kind) if rule.name.startswith(NAME)}
    assert len(rules) == 10
    assert rules <= estate.one(SYSTEM).dependencies


def test_its_key_lets_fsx_in_for_this_account_only() -> None:
    """Through FSx, and by the roles that FSx makes for its links."""
    statements = {
        one["Sid"]: one for one in guarded_estate().one("aws:kms/key:Key", "groundplan-dev-lake").document()
    }
    through = statements["UseThroughFileSystems"]["Condition"]["StringEquals"]
    assert through["kms:ViaService"] == "fsx.eu-central-1.amazonaws.com"
    links = statements["ReadByLinks"]
    assert links["Action"] == ["kms:Decrypt", "kms:DescribeKey"]
    assert links["Condition"]["ArnLike"]["aws:PrincipalArn"].endswith("/AWSServiceRoleForFSxS3Access_*")
    assert links["Condition"]["StringEquals"]["kms:CallerAccount"] == "123456789012"


def test_training_reads_from_it() -> None:
    """Its pods mount it read only, and find the data below it; the quota allows this one claim."""
    estate = guarded_estate()
    volume = estate.one("kubernetes:core/v1:PersistentVolume").inputs["spec"]
    assert volume["csi"]["volumeHandle"] == f"{NAME}-id"
    assert volume["csi"]["volumeAttributes"] == {"dnsname": f"{NAME}.fsx.example", "mountname": "mounted"}
    assert volume["claimRef"] == {"namespace": "tenant-vision", "name": "lake"}
    assert (
        estate.one("kubernetes:core/v1:PersistentVolumeClaim").inputs["metadata"]["namespace"]
        == "tenant-vision"
    )
    template = str(estate.one("kubernetes:batch/v1:CronJob", "vision-training").inputs)
    assert "file:///lake/curated" in template
    assert "'readOnly': True" in template
    quota = estate.one("kubernetes:core/v1:ResourceQuota", "vision-quota").inputs["spec"]["hard"]
    assert quota["persistentvolumeclaims"] == "1"
    assert "file:///" not in str(dev_estate().one("kubernetes:batch/v1:CronJob", "vision-training").inputs)
