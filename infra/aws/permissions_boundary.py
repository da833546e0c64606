"""The permissions boundary of personas: what none of them can ever do, whatever policies they are given."""

from __future__ import annotations

from infra.aws.account import Account
from infra.aws.documents import Statement, allow, deny
from infra.conventions import physical_name

_ANYTHING = ("*",)
_DATA = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:Get*", "s3:List*", "s3:PutObject")
_KEYS = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey")
_IMAGES = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
    "signer:SignPayload",
)
# Whose table it is, Lake Formation knows.
_QUERIES = (
    "athena:Get*",
    "athena:List*",
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
    "glue:CreateTable",
    "glue:Get*",
    "glue:UpdateTable",
    "lakeformation:GetDataAccess",
)
# Patterns, for a boundary is a ceiling and no grant: each of these reads settings and no data.
_LOOK = (
    "cloudtrail:Describe*",
    "cloudtrail:Get*",
    "cloudtrail:LookupEvents",
    "config:Describe*",
    "config:Get*",
    "ec2:Describe*",
    "ecr:Describe*",
    "ecr:GetAuthorizationToken",
    "ecr:GetLifecyclePolicy",
    "ecr:List*",
    "eks:Describe*",
    "eks:List*",
    "iam:Get*",
    "iam:List*",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:GetPublicKey",
    "kms:List*",
    "logs:Describe*",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "s3:ListAllMyBuckets",
    "sts:GetCallerIdentity",
)
_NO_IDENTITIES = (
    "iam:Add*",
    "iam:Attach*",
    "iam:Create*",
    "iam:Delete*",
    "iam:Detach*",
    "iam:PassRole",
    "iam:Put*",
    "iam:Remove*",
    "iam:Set*",
    "iam:Tag*",
    "iam:Untag*",
    "iam:Update*",
    "iam:Upload*",
    # A further role need not have this boundary.
    "sts:AssumeRole",
)
_NO_COVER_UP = (
    "cloudtrail:Delete*",
    "cloudtrail:Put*",
    "cloudtrail:Stop*",
    "cloudtrail:Update*",
    "config:Delete*",
    "config:Put*",
    "config:Stop*",
    "ec2:DeleteFlowLogs",
    "guardduty:Delete*",
    "guardduty:Update*",
    "logs:Delete*",
    "logs:PutRetentionPolicy",
    "securityhub:Disable*",
)
_NO_LOSS = (
    "kms:CreateGrant",
    "kms:Disable*",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "s3:BypassGovernanceRetention",
    "s3:DeleteBucket*",
    "s3:DeleteObjectVersion",
    "s3:PutBucket*",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
    "s3:PutReplicationConfiguration",
)


def boundary(account: Account, environment: str) -> list[Statement]:
    """The statements: a ceiling for this environment and region, and three things that stay forbidden.

    What the ceiling leaves out is denied as far as identity policies go; the explicit denials also hold where
    a resource's own policy would allow it.
    """
    ours = physical_name(environment)
    here = {"StringEquals": {"aws:RequestedRegion": account.region}}
    return [
        allow(
            "DataOfThisEnvironment",
            actions=_DATA,
            resources=[account.bucket_arn(f"{ours}-*"), account.bucket_arn(f"{ours}-*", "*")],
            conditions=here,
        ),
        allow(
            "AccessPointsOfThisEnvironment",
            actions=_DATA,
            resources=[account.arn("s3", f"accesspoint/{environment}-*")],
            conditions=here,
        ),
        allow("KeysHere", actions=_KEYS, resources=[account.arn("kms", "key/*")], conditions=here),
        allow(
            "ImagesOfThisEnvironment",
            actions=_IMAGES,
            resources=[account.arn("ecr", f"repository/{ours}/*")],
            conditions=here,
        ),
        allow("QueriesHere", actions=_QUERIES, resources=_ANYTHING, conditions=here),
        allow("LookAtSettings", actions=_LOOK, resources=_ANYTHING),
        deny("NoIdentities", actions=_NO_IDENTITIES, resources=_ANYTHING),
        deny("NoCoverUp", actions=_NO_COVER_UP, resources=_ANYTHING),
        deny("NoLoss", actions=_NO_LOSS, resources=_ANYTHING),
    ]
