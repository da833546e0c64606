"""Permissions that a call needs beside the one of its name: roles handed on, tags, service-linked roles.

Source: the dependent actions of the Service Authorization Reference,
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from groundplan.rehearsal.emulator.need import Need

_HANDS_ON = {
    "deliverlogspermissionarn",
    "executionrole",
    "executionrolearn",
    "iamrolearn",
    "monitoringrolearn",
    "noderole",
    "role",
    "rolearn",
    "servicerolearn",
    "targetrolearn",
    "workspacerolearn",
}
"""Members that name a role which the service takes then, in lower case. Others only speak of one."""
_TAGS_BY_ITS_CREATION = {
    "acm": "AddTagsToCertificate",
    "cloudtrail": "AddTags",
    "ec2": "CreateTags",
    "elasticache": "AddTagsToResource",
    "rds": "AddTagsToResource",
}
"""Service -> action that a creation with tags needs; others have `TagResource`."""
_TAGS_OF_IAM = {
    "CreateOpenIDConnectProvider": "TagOpenIDConnectProvider",
    "CreateInstanceProfile": "TagInstanceProfile",
    "CreatePolicy": "TagPolicy",
    "CreateRole": "TagRole",
}
_CREATIONS = ("Create", "Allocate", "Run", "Register", "Request", "Put")
_CHANGES = ("Update", "Start", "Modify", "Set")
_MEMBERS_OF_TAGS = {
    "backupplantags",
    "backupvaulttags",
    "resourcetags",
    "taglist",
    "tags",
    "tagslist",
    "tagspecifications",
}
_SERVICE_LINKED = {
    ("access-analyzer", "CreateAnalyzer"): "access-analyzer.amazonaws.com",
    ("aps", "CreateScraper"): "scraper.aps.amazonaws.com",
    ("eks", "CreateCluster"): "eks.amazonaws.com",
    ("eks", "CreateNodegroup"): "eks-nodegroup.amazonaws.com",
    ("elasticache", "CreateReplicationGroup"): "elasticache.amazonaws.com",
    ("fsx", "CreateDataRepositoryAssociation"): "s3.data-source.lustre.fsx.amazonaws.com",
    ("fsx", "CreateFileSystem"): "fsx.amazonaws.com",
    ("grafana", "CreateWorkspace"): "grafana.amazonaws.com",
    ("grafana", "UpdateWorkspace"): "grafana.amazonaws.com",
    ("guardduty", "CreateDetector"): "guardduty.amazonaws.com",
    ("inspector2", "Enable"): "inspector2.amazonaws.com",
    ("kafka", "CreateClusterV2"): "kafka.amazonaws.com",
    ("kafka", "CreateCluster"): "kafka.amazonaws.com",
    ("rds", "CreateDBCluster"): "rds.amazonaws.com",
    ("securityhub", "EnableSecurityHub"): "securityhub.amazonaws.com",
    ("servicequotas", "RequestServiceQuotaIncrease"): "servicequotas.amazonaws.com",
}
"""Who lets the service make its own role in the account, the first time."""
_KEY_OF_A_VAULT = (
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKey",
    "kms:RetireGrant",
)
"""https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault.html"""


def dependent_needs(
    service: str, operation: str, parameters: Mapping[str, Any], resource: str
) -> Iterator[Need]:
    """What else a call needs.

    Args:
        service: prefix of the service's actions.
        operation: e.g. `CreateNodegroup`.
        parameters: of the call.
        resource: ARN of what the call is about, or `*`.
    """
    if service not in {"iam", "sts", "kms"} and operation.startswith((*_CREATIONS, *_CHANGES)):
        for role in sorted(set(_roles(parameters))):
            yield Need("iam:PassRole", role)
    if operation.startswith(_CREATIONS) and _has_tags(parameters):
        if service == "iam":
            if operation in _TAGS_OF_IAM:
                yield Need(f"iam:{_TAGS_OF_IAM[operation]}", resource)
        elif service != "s3":
            yield Need(f"{service}:{_TAGS_BY_ITS_CREATION.get(service, 'TagResource')}", resource)
    linked = _SERVICE_LINKED.get((service, operation))
    if linked:
        yield Need("iam:CreateServiceLinkedRole", _service_linked_role(linked))
    single = _SINGLE.get((service, operation))
    if single:
        yield from single(parameters)


def _service_linked_role(service: str) -> str:
    return f"arn:aws:iam::*:role/aws-service-role/{service}/*"


def _of_vault(parameters: Mapping[str, Any]) -> Iterator[Need]:
    """Mounting has no resource; with no key named, AWS Backup takes its own, which it gives to everybody."""
    yield Need("backup-storage:MountCapsule", "*")
    key = parameters.get("EncryptionKeyArn")
    if key:
        yield from (Need(action, key, "backup") for action in _KEY_OF_A_VAULT)


def _of_node_group(parameters: Mapping[str, Any]) -> Iterator[Need]:
    """Whoever has instances launched from a template of their own must be allowed to launch them.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html
    """
    if parameters.get("launchTemplate"):
        yield from (Need(action, "*") for action in ("ec2:CreateTags", "ec2:RunInstances"))


def _of_link(_: Mapping[str, Any]) -> Iterator[Need]:
    """FSx makes a role for the link to the bucket on the caller's behalf.

    https://docs.aws.amazon.com/fsx/latest/LustreGuide/setting-up.html
    """
    role = _service_linked_role(_SERVICE_LINKED["fsx", "CreateDataRepositoryAssociation"])
    yield from (Need(action, role) for action in ("iam:AttachRolePolicy", "iam:PutRolePolicy"))


def _of_table(parameters: Mapping[str, Any]) -> Iterator[Need]:
    """Glue writes the first metadata of an open table format, in a location that Lake Formation hands out.

    https://docs.aws.amazon.com/lake-formation/latest/dg/creating-iceberg-tables.html
    """
    if parameters.get("OpenTableFormatInput"):
        yield Need("lakeformation:GetDataAccess", "*")


def _of_scraper(parameters: Mapping[str, Any]) -> Iterator[Need]:
    """AWS looks at the cluster and its network as the caller, and lets its own role into the cluster.

    Permissions of CloudFormation's handler, and who creates an access entry:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-aps-scraper.html
    """
    cluster = ((parameters.get("source") or {}).get("eksConfiguration") or {}).get("clusterArn")
    workspace = ((parameters.get("destination") or {}).get("ampConfiguration") or {}).get("workspaceArn")
    if cluster:
        yield from (Need(action, cluster) for action in ("eks:CreateAccessEntry", "eks:DescribeCluster"))
        entries = cluster.replace(":cluster/", ":access-entry/", 1)
        yield Need("eks:AssociateAccessPolicy", f"{entries}/*")
    if workspace:
        yield Need("aps:DescribeWorkspace", workspace)
    yield from (Need(action, "*") for action in ("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets"))


_KEY_OF_DASHBOARDS = ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")
"""https://docs.aws.amazon.com/grafana/latest/userguide/AMG-encryption-at-rest.html"""
_NETWORK_OF_DASHBOARDS = (
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:GetManagedPrefixListEntries",
)
_SEEN_OF_IDENTITY_CENTER = (
    "sso-directory:DescribeGroup",
    "sso-directory:DescribeUser",
    "sso:DescribeRegisteredRegions",
    "sso:GetManagedApplicationInstance",
    "sso:GetProfile",
    "sso:GetSharedSsoConfiguration",
    "sso:ListDirectoryAssociations",
    "sso:ListProfileAssociations",
    "sso:ListProfiles",
)
_ASSIGNED_IN_IDENTITY_CENTER = (
    "sso:AssociateProfile",
    "sso:CreateApplicationAssignment",
    "sso:DeleteApplicationAssignment",
    "sso:DisassociateProfile",
)


def _of_new_dashboards(parameters: Mapping[str, Any]) -> Iterator[Need]:
    """Grafana looks at network and organisation as the caller, and makes an application in Identity Center.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonmanagedgrafana.html
    """
    yield from _of_changed_dashboards(parameters)
    for action in (
        "organizations:DescribeOrganization",
        "sso:CreateManagedApplicationInstance",
        "sso:DescribeRegisteredRegions",
        "sso:GetSharedSsoConfiguration",
    ):
        yield Need(action, "*")
    key = parameters.get("kmsKeyId")
    if key:
        yield from (Need(action, key, "grafana") for action in _KEY_OF_DASHBOARDS)


def _of_changed_dashboards(_: Mapping[str, Any]) -> Iterator[Need]:
    yield from (Need(action, "*") for action in _NETWORK_OF_DASHBOARDS)


def _of_deleted_dashboards(_: Mapping[str, Any]) -> Iterator[Need]:
    yield Need("sso:DeleteManagedApplicationInstance", "*")
    yield Need("sso:DescribeRegisteredRegions", "*")


def _of_roles_in_dashboards(_: Mapping[str, Any]) -> Iterator[Need]:
    """Who has a role in a workspace is assigned to its application in Identity Center.

    AWSGrafanaWorkspacePermissionManagementV2 is for looking at it; for assignments, AWS' page asks for a
    policy beside it. Profiles are what assignments to applications of AWS were called first, and go by still:
    https://docs.aws.amazon.com/grafana/latest/userguide/security-iam-awsmanpol.html
    """
    yield from (Need(action, "*") for action in (*_SEEN_OF_IDENTITY_CENTER, *_ASSIGNED_IN_IDENTITY_CENTER))


_SINGLE: Mapping[tuple[str, str], Callable[[Mapping[str, Any]], Iterator[Need]]] = {
    ("aps", "CreateScraper"): _of_scraper,
    ("backup", "CreateBackupVault"): _of_vault,
    ("eks", "CreateNodegroup"): _of_node_group,
    ("eks", "UpdateNodegroupVersion"): _of_node_group,
    ("fsx", "CreateDataRepositoryAssociation"): _of_link,
    ("glue", "CreateTable"): _of_table,
    ("grafana", "CreateWorkspace"): _of_new_dashboards,
    ("grafana", "DeleteWorkspace"): _of_deleted_dashboards,
    ("grafana", "UpdatePermissions"): _of_roles_in_dashboards,
    ("grafana", "UpdateWorkspace"): _of_changed_dashboards,
}
"""What is said of one call and of no other."""


def _roles(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name.lower() in _HANDS_ON and isinstance(inner, str):
                if ":role/" in inner:
                    yield inner
            else:
                yield from _roles(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _roles(inner)


def _has_tags(parameters: Mapping[str, Any]) -> bool:
    return any(name.lower() in _MEMBERS_OF_TAGS and value for name, value in parameters.items())
