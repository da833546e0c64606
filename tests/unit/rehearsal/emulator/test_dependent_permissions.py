"""What single calls need beside the permission of their name, as AWS' user guides say."""

from __future__ import annotations

from typing import Any

import pytest

from groundplan.rehearsal.emulator.dependent_permissions import dependent_needs
from groundplan.rehearsal.emulator.need import Need
from groundplan.rehearsal.world import ACCOUNT_ID

CLUSTER = f"arn:aws:eks:eu-central-1:{ACCOUNT_ID}:cluster/one"
WORKSPACE = f"arn:aws:aps:eu-central-1:{ACCOUNT_ID}:workspace/ws-1"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT_ID}:key/0123"
LINK_ROLE = "arn:aws:iam::*:role/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/*"
SCRAPER_ROLE = "arn:aws:iam::*:role/aws-service-role/scraper.aps.amazonaws.com/*"
GRAFANA_ROLE = "arn:aws:iam::*:role/aws-service-role/grafana.amazonaws.com/*"
WORKSPACE_ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/dashboards"
LOOKS = {
    Need(f"ec2:{action}", "*")
    for action in ("DescribeSecurityGroups", "DescribeSubnets", "GetManagedPrefixListEntries")
}
TEMPLATE = {"launchTemplate": {"id": "lt-1", "version": "1"}}
ICEBERG = {"OpenTableFormatInput": {"IcebergInput": {"MetadataOperation": "CREATE"}}}


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        (
            "aps",
            "CreateScraper",
            {
                "source": {"eksConfiguration": {"clusterArn": CLUSTER}},
                "destination": {"ampConfiguration": {"workspaceArn": WORKSPACE}},
            },
            {
                Need("iam:CreateServiceLinkedRole", SCRAPER_ROLE),
                Need("eks:CreateAccessEntry", CLUSTER),
                Need("eks:DescribeCluster", CLUSTER),
                Need(
                    "eks:AssociateAccessPolicy", f"arn:aws:eks:eu-central-1:{ACCOUNT_ID}:access-entry/one/*"
                ),
                Need("aps:DescribeWorkspace", WORKSPACE),
                Need("ec2:DescribeSecurityGroups", "*"),
                Need("ec2:DescribeSubnets", "*"),
            },
        ),
        (
            "backup",
            "CreateBackupVault",
            {"EncryptionKeyArn": KEY},
            {
                Need("backup-storage:MountCapsule", "*"),
                *(
                    Need(f"kms:{action}", KEY, "backup")
                    for action in ("CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKey", "RetireGrant")
                ),
            },
        ),
        ("backup", "CreateBackupVault", {}, {Need("backup-storage:MountCapsule", "*")}),
        (
            "eks",
            "UpdateNodegroupVersion",
            TEMPLATE,
            {Need("ec2:RunInstances", "*"), Need("ec2:CreateTags", "*")},
        ),
        ("eks", "UpdateNodegroupVersion", {}, set()),
        (
            "fsx",
            "CreateDataRepositoryAssociation",
            {},
            {
                Need(f"iam:{action}", LINK_ROLE)
                for action in ("CreateServiceLinkedRole", "AttachRolePolicy", "PutRolePolicy")
            },
        ),
        (
            "grafana",
            "CreateWorkspace",
            {"kmsKeyId": KEY, "workspaceRoleArn": WORKSPACE_ROLE},
            {
                *LOOKS,
                Need("iam:CreateServiceLinkedRole", GRAFANA_ROLE),
                Need("iam:PassRole", WORKSPACE_ROLE),
                Need("organizations:DescribeOrganization", "*"),
                *(
                    Need(f"sso:{action}", "*")
                    for action in (
                        "CreateManagedApplicationInstance",
                        "DescribeRegisteredRegions",
                        "GetSharedSsoConfiguration",
                    )
                ),
                *(
                    Need(f"kms:{action}", KEY, "grafana")
                    for action in ("CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKey")
                ),
            },
        ),
        ("grafana", "UpdateWorkspace", {}, {*LOOKS, Need("iam:CreateServiceLinkedRole", GRAFANA_ROLE)}),
        (
            "grafana",
            "DeleteWorkspace",
            {},
            {
                Need(f"sso:{action}", "*")
                for action in ("DeleteManagedApplicationInstance", "DescribeRegisteredRegions")
            },
        ),
        ("glue", "CreateTable", ICEBERG, {Need("lakeformation:GetDataAccess", "*")}),
        ("glue", "CreateTable", {}, set()),
    ],
)
def test_a_call_needs_what_its_service_does_for_it(
    service: str, operation: str, parameters: dict[str, Any], expected: set[Need]
) -> None:
    """And nothing of it where the call does not ask for that."""
    assert set(dependent_needs(service, operation, parameters, "*")) == expected


def test_a_node_group_needs_to_launch_from_its_template() -> None:
    """Beside the role that EKS makes for node groups."""
    needs = set(dependent_needs("eks", "CreateNodegroup", TEMPLATE, "*"))
    assert {Need("ec2:RunInstances", "*"), Need("ec2:CreateTags", "*")} < needs


def test_roles_in_a_workspace_are_assigned_in_identity_center() -> None:
    """Whoever may only look there assigns nobody."""
    needs = {need.action for need in dependent_needs("grafana", "UpdatePermissions", {}, "*")}
    assert {"sso:AssociateProfile", "sso:DisassociateProfile", "sso-directory:DescribeGroup"} < needs
