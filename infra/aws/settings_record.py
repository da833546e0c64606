"""AWS Config: a record of every resource's settings, and rules about them."""

from __future__ import annotations

import json
from types import MappingProxyType

import pulumi
from pulumi import Input
from pulumi_aws.cfg.delivery_channel import DeliveryChannel
from pulumi_aws.cfg.recorder import Recorder
from pulumi_aws.cfg.recorder_status import RecorderStatus
from pulumi_aws.cfg.rule import Rule
from pulumi_aws.iam.role import Role
from pulumi_aws.iam.role_policy import RolePolicy
from pulumi_aws.iam.role_policy_attachment import RolePolicyAttachment

from infra.aws.account import Account
from infra.aws.documents import allow, document, service_trust

RULES: MappingProxyType[str, dict[str, str]] = MappingProxyType(
    {
        "CLOUD_TRAIL_ENABLED": {},
        "ENCRYPTED_VOLUMES": {},
        "IAM_USER_NO_POLICIES_CHECK": {},
        "IAM_ROOT_ACCESS_KEY_CHECK": {},
        "EKS_ENDPOINT_NO_PUBLIC_ACCESS": {},
        "KMS_CMK_NOT_SCHEDULED_FOR_DELETION": {},
        "SECRETSMANAGER_ROTATION_ENABLED_CHECK": {},
        "SECRETSMANAGER_SCHEDULED_ROTATION_SUCCESS_CHECK": {},
        "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED": {},
        "S3_BUCKET_SSL_REQUESTS_ONLY": {},
        "VPC_DEFAULT_SECURITY_GROUP_CLOSED": {},
        "VPC_FLOW_LOGS_ENABLED": {"trafficType": "ALL"},
        "REQUIRED_TAGS": {"tag1Key": "Environment", "tag2Key": "Owner", "tag3Key": "CostCenter"},
    }
)
"""Rules that AWS maintains, with their parameters."""


def record_settings(
    name: str,
    *,
    account: Account,
    bucket_name: str,
    key_arn: Input[str],
    recording: str,
    opts: pulumi.ResourceOptions,
) -> None:
    """Record all resources of the account and region, deliver the record daily, and judge it by `RULES`."""
    role, permission = _create_role(name, account, bucket_name, key_arn, opts)
    recorder = Recorder(
        name,
        name=name,
        role_arn=role.arn,
        recording_group={"all_supported": True, "include_global_resource_types": True},
        recording_mode={"recording_frequency": recording},
        opts=opts,
    )
    channel = DeliveryChannel(
        name,
        name=name,
        s3_bucket_name=bucket_name,
        s3_kms_key_arn=key_arn,
        snapshot_delivery_properties={"delivery_frequency": "TwentyFour_Hours"},
        opts=_after(opts, recorder, permission),
    )
    started = RecorderStatus(name, name=recorder.name, is_enabled=True, opts=_after(opts, channel))
    for identifier, parameters in RULES.items():
        rule = identifier.lower().replace("_", "-")
        Rule(
            f"{name}-{rule}",
            name=f"{name}-{rule}",
            source={"owner": "AWS", "source_identifier": identifier},
            input_parameters=json.dumps(parameters) if parameters else None,
            opts=_after(opts, started),
        )


def _create_role(
    name: str, account: Account, bucket_name: str, key_arn: Input[str], opts: pulumi.ResourceOptions
) -> tuple[Role, RolePolicy]:
    """The recorder's role: it reads settings, and writes into the bucket of settings."""
    role = Role(
        name,
        name=name,
        description="Lets AWS Config read settings and deliver its record",
        assume_role_policy=service_trust(
            "config.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": account.id}}
        ),
        opts=opts,
    )
    RolePolicyAttachment(
        name,
        role=role.name,
        policy_arn=account.managed_policy_arn("service-role/AWS_ConfigRole"),
        opts=opts,
    )
    bucket_arn = account.bucket_arn(bucket_name)
    permission = RolePolicy(
        name,
        name="deliver-record",
        role=role.name,
        policy=document(
            allow("FindBucket", actions=["s3:GetBucketAcl", "s3:ListBucket"], resources=[bucket_arn]),
            allow(
                "WriteRecord",
                actions=["s3:PutObject", "s3:PutObjectAcl"],
                resources=[f"{bucket_arn}/AWSLogs/{account.id}/*"],
            ),
            allow("EncryptRecord", actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[key_arn]),
        ),
        opts=opts,
    )
    return role, permission


def _after(opts: pulumi.ResourceOptions, *resources: pulumi.Resource) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(resources)))
