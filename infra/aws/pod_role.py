"""A role of the cluster's own pods: of one service account, by EKS Pod Identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output
from pulumi_aws.eks.pod_identity_association import PodIdentityAssociation
from pulumi_aws.iam.role import Role
from pulumi_aws.iam.role_policy import RolePolicy
from pulumi_aws.iam.role_policy_attachment import RolePolicyAttachment

from infra.aws.account import Account
from infra.aws.documents import Statement, document
from infra.aws.pod_trust import trust_of_pods


@dataclass(frozen=True, kw_only=True)
class PodRole:
    """A role, and the association that hands it to pods; both are known once pods get it."""

    arn: Output[str]
    association_arn: Output[str]


def create_pod_role(
    name: str,
    *,
    account: Account,
    cluster_name: Input[str],
    cluster_arn: Input[str],
    pods: tuple[str, str],
    description: str,
    purpose: str,
    statements: Sequence[Statement],
    managed_policies: Sequence[str] = (),
    longest_session_s: int | None = None,
    opts: pulumi.ResourceOptions,
) -> PodRole:
    """Create the role, what it may do, and then the association.

    Args:
        name: the role's; the other resources have it in Pulumi.
        account: where it is created.
        cluster_name: the cluster whose pods take it.
        cluster_arn: its ARN.
        pods: their namespace and service account.
        description: whose role it is, for people.
        purpose: name of its own policy.
        statements: the policy.
        managed_policies: names of policies of AWS that it has beside it.
        longest_session_s: its longest session; without it, IAM's default.
        opts: options of all of them; they name the parent.
    """
    namespace, service_account = pods
    role = Role(
        name,
        name=name,
        description=description,
        assume_role_policy=trust_of_pods(account, cluster_arn, namespace, service_account),
        max_session_duration=longest_session_s,
        opts=opts,
    )
    permissions: list[pulumi.Resource] = [
        RolePolicy(name, name=purpose, role=role.name, policy=document(*statements), opts=opts),
        *(
            RolePolicyAttachment(
                f"{name}-{policy}", role=role.name, policy_arn=account.managed_policy_arn(policy), opts=opts
            )
            for policy in managed_policies
        ),
    ]
    association = PodIdentityAssociation(
        name,
        cluster_name=cluster_name,
        namespace=namespace,
        service_account=service_account,
        role_arn=role.arn,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=permissions)),
    )
    known = Output.all(role.arn, association.association_arn)
    return PodRole(
        arn=known.apply(lambda values: values[0]), association_arn=known.apply(lambda values: values[1])
    )
