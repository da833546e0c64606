"""Buckets whose data Lake Formation hands out, by a role of its own."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi import Input
from pulumi_aws.iam.role import Role
from pulumi_aws.iam.role_policy import RolePolicy
from pulumi_aws.lakeformation.resource import Resource

from infra.aws.account import Account
from infra.aws.documents import allow, document, service_trust


def register_locations(
    name: str,
    *,
    account: Account,
    buckets: Sequence[str],
    key_arn: Input[str],
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """Register the buckets. Lake Formation then lends out keys to what a role was granted, and no more.

    Args:
        name: of the role.
        account: whose buckets they are.
        buckets: their names.
        key_arn: KMS key that encrypts them.
        opts: options of all resources.
    """
    role = Role(
        name,
        name=name,
        description="Lets Lake Formation lend out access to tables",
        assume_role_policy=service_trust(
            "lakeformation.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": account.id}}
        ),
        opts=opts,
    )
    permission = RolePolicy(
        name,
        name="tables",
        role=role.name,
        policy=document(
            allow(
                "ListTables",
                actions=["s3:ListBucket"],
                resources=[account.bucket_arn(bucket) for bucket in buckets],
            ),
            allow(
                "ChangeTables",
                actions=["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
                resources=[account.bucket_arn(bucket, "*") for bucket in buckets],
            ),
            allow(
                "UseKeyOfTables",
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=[key_arn],
                conditions={"StringEquals": {"kms:ViaService": f"s3.{account.region}.amazonaws.com"}},
            ),
        ),
        opts=opts,
    )
    permitted = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[permission]))
    return [
        Resource(bucket, arn=account.bucket_arn(bucket), role_arn=role.arn, opts=permitted)
        for bucket in buckets
    ]
