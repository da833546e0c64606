"""The account and region that a deployment goes to, and the provider that is bound to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_aws.get_caller_identity import get_caller_identity
from pulumi_aws.provider import Provider


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where resources are created; enough to write down the ARN of anything with a name of ours.

    Args:
        id: the account's number.
        partition: `aws`, `aws-cn` or `aws-us-gov`.
        region: e.g. `eu-central-1`.
    """

    id: str
    partition: str
    region: str

    def role_arn(self, name: str, account_id: str | None = None) -> str:
        """ARN of an IAM role, of this account unless another is named; `name` may begin with a path."""
        return f"arn:{self.partition}:iam::{account_id or self.id}:role/{name}"

    def arn(self, service: str, resource: str) -> str:
        """ARN of a resource of this account and region, e.g. `arn("ecr", "repository/x")`."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.id}:{resource}"

    def public_arn(self, service: str, resource: str) -> str:
        """ARN of what everybody in this region may use, and no account is named for, e.g. of an image."""
        return f"arn:{self.partition}:{service}:{self.region}::{resource}"

    def root_arn(self, account_id: str | None = None) -> str:
        """ARN that stands for all of an account, in policies; of this one unless another is named."""
        return f"arn:{self.partition}:iam::{account_id or self.id}:root"

    def managed_policy_arn(self, name: str) -> str:
        """ARN of a policy that AWS maintains."""
        return f"arn:{self.partition}:iam::aws:policy/{name}"

    def bucket_arn(self, name: str, key: str = "") -> str:
        """ARN of a bucket, or of objects in it."""
        return f"arn:{self.partition}:s3:::{name}{'/' if key else ''}{key}"

    def log_group_arn(self, name: str) -> str:
        """ARN of a CloudWatch log group."""
        return f"arn:{self.partition}:logs:{self.region}:{self.id}:log-group:{name}"

    def trail_arn(self, name: str) -> str:
        """ARN of a CloudTrail trail whose home is this region."""
        return f"arn:{self.partition}:cloudtrail:{self.region}:{self.id}:trail/{name}"


def aws_provider(region: str, tags: Mapping[str, str], name: str = "aws") -> Provider:
    """The provider of AWS resources of one region; every resource that can have tags gets `tags`."""
    return Provider(name, region=region, default_tags={"tags": tags})


def current_account(provider: Provider, region: str) -> Account:
    """Ask AWS whose credentials the deployment runs with."""
    identity = get_caller_identity(opts=pulumi.InvokeOptions(provider=provider))
    return Account(id=identity.account_id, partition=identity.arn.split(":")[1], region=region)
