"""Key policies: administration and use are different statements for different principals."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi import Output

from infra.aws.account import Account
from infra.aws.alerts import ALERTING_SERVICES
from infra.aws.documents import Conditions, Statement, allow, document

_ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
_SIGHT = (
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListResourceTags",
)
_USE = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
_THIS_KEY = ("*",)
"""In a key policy, `*` is the key itself."""
_ANYBODY = {"AWS": "*"}
"""Whom a condition names: KMS refuses a principal that does not exist yet."""
_FOR_AWS = {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def key_policy(account: Account, administrators: Sequence[str], use: Sequence[Statement]) -> Output[str]:
    """The policy of one key: who administers it, who can repair it, and the statements of its `use`."""
    return document(
        allow(
            "Administer",
            principals={"AWS": _role_arns(account, administrators)},
            actions=_ADMINISTRATION,
            resources=_THIS_KEY,
        ),
        # EKS and ECR take a grant, from whoever creates the cluster or repository, to encrypt for it.
        allow(
            "GrantToServices",
            principals={"AWS": _role_arns(account, administrators)},
            actions=["kms:CreateGrant"],
            resources=_THIS_KEY,
            conditions=_FOR_AWS,
        ),
        # No request to retire one says whom the grant is for: with the condition above none would be allowed.
        # https://docs.aws.amazon.com/kms/latest/developerguide/grant-authorization.html
        allow(
            "RetireGrants",
            principals={"AWS": _role_arns(account, administrators)},
            actions=["kms:RetireGrant"],
            resources=_THIS_KEY,
        ),
        # What a key is, and no use of it: who may see that, IAM says.
        allow("Look", principals=_whole_account(account), actions=_SIGHT, resources=_THIS_KEY),
        # Were all administrator roles deleted, nobody could change the key: then the root user can.
        allow(
            "RepairByRootUser",
            principals=_whole_account(account),
            actions=["kms:DescribeKey", "kms:GetKeyPolicy", "kms:PutKeyPolicy"],
            resources=_THIS_KEY,
            conditions={"StringEquals": {"aws:PrincipalType": "Account"}},
        ),
        *use,
    )


def used_through(service: str, account: Account) -> list[Statement]:
    """Use by identities of the account whose own policy allows it, and through one service only."""
    return [
        allow(
            "UseThroughService",
            principals=_whole_account(account),
            actions=_USE,
            resources=_THIS_KEY,
            conditions=_through(service, account),
        )
    ]


def used_to_sign(account: Account, signer: str) -> list[Statement]:
    """Signing by one role, matched by a condition, as it may not be there yet; verifying by whom IAM lets."""
    here = {"StringEquals": {"kms:CallerAccount": account.id}}
    return [
        allow(
            "Sign",
            principals=_ANYBODY,
            actions=["kms:Sign"],
            resources=_THIS_KEY,
            conditions={"ArnEquals": {"aws:PrincipalArn": account.role_arn(signer)}, **here},
        ),
        allow(
            "Verify",
            principals=_whole_account(account),
            actions=["kms:GetPublicKey", "kms:Verify"],
            resources=_THIS_KEY,
            conditions=here,
        ),
    ]


def used_by_file_systems(account: Account) -> list[Statement]:
    """Use through FSx, its grants, and reading by the roles that link its file systems to the lake.

    FSx makes a role for each link. Its name ends in the file system's id, which nobody knows before.
    https://docs.aws.amazon.com/fsx/latest/LustreGuide/s3-server-side-encryption-support.html
    """
    links = account.role_arn(
        "aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/AWSServiceRoleForFSxS3Access_*"
    )
    return [
        *_used_with_grants("ThroughFileSystems", _whole_account(account), _through("fsx", account)),
        allow(
            "ReadByLinks",
            principals={"AWS": "*"},
            actions=["kms:Decrypt", "kms:DescribeKey"],
            resources=_THIS_KEY,
            conditions={"ArnLike": {"aws:PrincipalArn": links}} | _through("s3", account),
        ),
    ]


def used_by_cluster_role(account: Account) -> list[Statement]:
    """Use by identities of the account whose own policy allows it: the cluster's role and no other."""
    return [
        allow(
            "UseByIdentityPolicy",
            principals=_whole_account(account),
            actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ListGrants"],
            resources=_THIS_KEY,
            conditions={"StringEquals": {"kms:CallerAccount": account.id}},
        )
    ]


def used_for_node_volumes(account: Account) -> list[Statement]:
    """Use by Auto Scaling, which starts a node group's instances, and through EC2 on its behalf.

    The role is matched by a condition, because KMS refuses a principal that does not exist yet, and a new
    account gets this service-linked role only with its first Auto Scaling group.
    """
    service_role = account.role_arn("aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling")
    by_auto_scaling = {
        "ArnEquals": {"aws:PrincipalArn": service_role},
        "StringEquals": {"kms:CallerAccount": account.id},
    }
    return _used_with_grants("ByAutoScaling", _ANYBODY, by_auto_scaling)


def used_for_elastic_nodes(account: Account, controller: str) -> list[Statement]:
    """Use through EC2 by the role of Karpenter, which starts nodes, and by that of spot requests.

    Both are matched by a condition: KMS refuses a principal that does not exist yet, and a new account gets
    the latter with its first spot request.
    """
    roles = [
        account.role_arn(controller),
        account.role_arn("aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"),
    ]
    return _used_through_ec2("ByElasticNodes", roles, account)


def used_for_claimed_volumes(account: Account, driver: str) -> list[Statement]:
    """Use through EC2 by the role of the driver of EBS volumes, which makes and attaches those of claims."""
    return _used_through_ec2("ByVolumeDriver", [account.role_arn(driver)], account)


def used_by_interruptions(account: Account) -> list[Statement]:
    """Use by EventBridge, which writes to the queue of interruptions, and by who reads it."""
    return [
        allow(
            "EncryptInterruptions",
            principals={"Service": "events.amazonaws.com"},
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=_THIS_KEY,
            conditions={"StringEquals": {"aws:SourceAccount": account.id}},
        ),
        *used_through("sqs", account),
    ]


def used_by_log_groups(account: Account, log_groups: Sequence[str]) -> list[Statement]:
    """Use by CloudWatch Logs, for the named log groups and no others."""
    return [
        allow(
            "UseByLogGroups",
            principals={"Service": f"logs.{account.region}.amazonaws.com"},
            actions=_USE,
            resources=_THIS_KEY,
            conditions={
                "ArnEquals": {
                    "kms:EncryptionContext:aws:logs:arn": [account.log_group_arn(name) for name in log_groups]
                }
            },
        )
    ]


def used_by_trail(account: Account, trail: str) -> list[Statement]:
    """Writing by CloudTrail, for one trail of the account."""
    trail_arn = account.trail_arn(trail)
    return [
        allow(
            "EncryptByTrail",
            principals={"Service": "cloudtrail.amazonaws.com"},
            actions=["kms:DescribeKey", "kms:GenerateDataKey"],
            resources=_THIS_KEY,
            conditions={"StringEquals": {"aws:SourceArn": trail_arn}},
        )
    ]


def used_for_backups(account: Account) -> list[Statement]:
    """Use of a vault's key through AWS Backup, and through RDS, which copies and restores databases.

    https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html: what AWS Backup copies to another
    region is encrypted with the vault's key there.
    """
    return [
        *_used_with_grants("ThroughBackup", _whole_account(account), _through("backup", account)),
        *used_by_databases(account),
    ]


def used_by_databases(account: Account) -> list[Statement]:
    """Use through RDS, and what AWS Backup's roles need beside it to back up, copy and restore a database.

    Its service-linked role lists grants through RDS; all its roles look at a key directly.
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Overview.Encryption.Keys.html
    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceLinkedRolePolicyForBackup.html
    """
    through = _through("rds", account)
    return [
        *_used_with_grants("ThroughRds", _whole_account(account), through),
        allow(
            "ListGrantsThroughRds",
            principals=_whole_account(account),
            actions=["kms:ListGrants"],
            resources=_THIS_KEY,
            conditions=through,
        ),
        allow(
            "SeeForBackups",
            principals=_whole_account(account),
            actions=["kms:DescribeKey"],
            resources=_THIS_KEY,
            conditions={"StringEquals": {"kms:CallerAccount": account.id}},
        ),
    ]


def used_for_dashboards(account: Account) -> list[Statement]:
    """Use through Grafana by whoever makes the workspace, and the grants by which Grafana goes on.

    https://docs.aws.amazon.com/grafana/latest/userguide/AMG-encryption-at-rest.html
    """
    return _used_with_grants("ThroughGrafana", _whole_account(account), _through("grafana", account))


def used_by_alerts(account: Account) -> list[Statement]:
    """Use by the services that publish alerts, for this account."""
    return [
        allow(
            "EncryptAlerts",
            principals={"Service": list(ALERTING_SERVICES)},
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=_THIS_KEY,
            conditions={"StringEquals": {"aws:SourceAccount": account.id}},
        )
    ]


def _used_with_grants(how: str, principals: dict[str, str], conditions: Conditions) -> list[Statement]:
    """Use, and the grants by which an AWS service goes on with it, under the same conditions."""
    return [
        allow(f"Use{how}", principals=principals, actions=_USE, resources=_THIS_KEY, conditions=conditions),
        allow(
            f"Grant{how}",
            principals=principals,
            actions=["kms:CreateGrant"],
            resources=_THIS_KEY,
            conditions={**conditions, **_FOR_AWS},
        ),
    ]


def _used_through_ec2(how: str, roles: Sequence[str], account: Account) -> list[Statement]:
    """Use by roles that may not be there yet."""
    by_these = {"ArnEquals": {"aws:PrincipalArn": list(roles)}, **_through("ec2", account)}
    return _used_with_grants(how, _ANYBODY, by_these)


def _through(service: str, account: Account) -> dict[str, dict[str, str]]:
    """Whoever of the account asks, one service does it for them."""
    return {
        "StringEquals": {
            "kms:CallerAccount": account.id,
            "kms:ViaService": f"{service}.{account.region}.amazonaws.com",
        }
    }


def _role_arns(account: Account, names: Sequence[str]) -> list[str]:
    return [account.role_arn(name) for name in names]


def _whole_account(account: Account) -> dict[str, str]:
    """The account as a principal: it delegates to the identity policies of its roles."""
    return {"AWS": f"arn:{account.partition}:iam::{account.id}:root"}
