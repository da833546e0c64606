"""What an auditor may do: read settings and logs of everything, and the data of nothing."""

from __future__ import annotations

from infra.aws.account import Account
from infra.aws.documents import Statement, allow
from infra.aws.lake import bucket_name
from infra.conventions import PROJECT, physical_name

# None of these has a resource: https://docs.aws.amazon.com/service-authorization.
_OF_THE_ACCOUNT = (
    "cloudtrail:DescribeTrails",
    "cloudtrail:LookupEvents",
    "config:DescribeConfigurationRecorderStatus",
    "config:DescribeConfigurationRecorders",
    "ec2:DescribeFlowLogs",
    "ec2:DescribeInstances",
    "ec2:DescribeNatGateways",
    "ec2:DescribeNetworkAcls",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroupRules",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
    "eks:ListClusters",
    "iam:GetAccountSummary",
    "iam:ListOpenIDConnectProviders",
    "iam:ListPolicies",
    "iam:ListRoles",
    "iam:ListUsers",
    "kms:ListAliases",
    "kms:ListKeys",
    "logs:DescribeLogGroups",
    "s3:ListAllMyBuckets",
)
_OF_BUCKETS = (
    "s3:GetBucketLocation",
    "s3:GetBucketLogging",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPolicyStatus",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
)
_OF_ROLES = (
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:ListRoleTags",
)
_OF_CLUSTERS = (
    "eks:DescribeAccessEntry",
    "eks:DescribeAddon",
    "eks:DescribeCluster",
    "eks:DescribeNodegroup",
    "eks:ListAccessEntries",
    "eks:ListAddons",
    "eks:ListAssociatedAccessPolicies",
    "eks:ListNodegroups",
    "eks:ListPodIdentityAssociations",
)
_OF_KEYS = (
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:GetPublicKey",
    "kms:ListResourceTags",
)


def auditor(account: Account, environment: str, cluster_name: str) -> list[Statement]:
    """The statements; `cluster_name` is the name of the environment's cluster."""
    ours = physical_name(environment)
    access_logs = bucket_name(environment, "access-logs", account)
    logs = [f"/{PROJECT}/{environment}/*", f"/aws/eks/{cluster_name}/*"]
    cluster = (f"cluster/{cluster_name}", f"access-entry/{cluster_name}/*", f"addon/{cluster_name}/*")
    policies = f"arn:{account.partition}:iam::{account.id}:policy/{ours}-*"
    return [
        allow("SeeTheAccount", actions=_OF_THE_ACCOUNT, resources=["*"]),
        allow("SeeBuckets", actions=_OF_BUCKETS, resources=[account.bucket_arn(f"{ours}-*")]),
        allow("SeeRoles", actions=_OF_ROLES, resources=[account.role_arn(f"{ours}-*")]),
        allow("SeePolicies", actions=["iam:GetPolicy", "iam:GetPolicyVersion"], resources=[policies]),
        allow(
            "SeeClusters",
            actions=_OF_CLUSTERS,
            resources=[account.arn("eks", name) for name in (*cluster, f"nodegroup/{cluster_name}/*")],
        ),
        allow("SeeKeys", actions=_OF_KEYS, resources=[account.arn("kms", "key/*")]),
        allow(
            "SeeImages",
            actions=["ecr:DescribeImageScanFindings", "ecr:DescribeImages", "ecr:DescribeRepositories"],
            resources=[account.arn("ecr", f"repository/{ours}/*")],
        ),
        allow(
            "ReadLogs",
            actions=["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"],
            resources=[f"{account.log_group_arn(name)}:*" for name in logs],
        ),
        allow("ListAccessLogs", actions=["s3:ListBucket"], resources=[account.bucket_arn(access_logs)]),
        allow("ReadAccessLogs", actions=["s3:GetObject"], resources=[account.bucket_arn(access_logs, "*")]),
    ]
