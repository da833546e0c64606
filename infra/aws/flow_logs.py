"""Flow logs of a VPC into an encrypted log group."""

from __future__ import annotations

import pulumi
from pulumi import Input
from pulumi_aws.cloudwatch.log_group import LogGroup
from pulumi_aws.ec2.flow_log import FlowLog
from pulumi_aws.iam.role import Role
from pulumi_aws.iam.role_policy import RolePolicy

from infra.aws.account import Account
from infra.aws.documents import allow, document, service_trust


def record_traffic(
    name: str,
    *,
    vpc_id: Input[str],
    account: Account,
    log_group_name: str,
    retention_days: int,
    key_arn: Input[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Record accepted and refused connections of a VPC, summed up every minute."""
    group = LogGroup(
        name, name=log_group_name, retention_in_days=retention_days, kms_key_id=key_arn, opts=opts
    )
    role = Role(
        name,
        name=name,
        description="Lets VPC flow logs write to their log group",
        assume_role_policy=service_trust(
            "vpc-flow-logs.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": account.id}}
        ),
        opts=opts,
    )
    group_arn = account.log_group_arn(log_group_name)
    permission = RolePolicy(
        name,
        name="write-flow-logs",
        role=role.name,
        policy=document(
            allow(
                "WriteStreams",
                actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                resources=[group_arn, f"{group_arn}:log-stream:*"],
            ),
            # Describing has no narrower form: AWS checks it against all groups of the region.
            allow("FindGroup", actions=["logs:DescribeLogGroups"], resources=[account.log_group_arn("*")]),
        ),
        opts=opts,
    )
    FlowLog(
        name,
        vpc_id=vpc_id,
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_destination=group.arn,
        iam_role_arn=role.arn,
        max_aggregation_interval=60,
        tags={"Name": name},
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[permission])),
    )
