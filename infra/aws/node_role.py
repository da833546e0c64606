"""The IAM role of nodes: joining the cluster, pod networking, pulling images; nothing of the workloads'."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi import Output
from pulumi_aws.iam.role import Role
from pulumi_aws.iam.role_policy_attachment import RolePolicyAttachment

from infra.aws.account import Account
from infra.aws.documents import service_trust
from infra.conventions import physical_name

_MANAGED_POLICIES = (
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonEC2ContainerRegistryPullOnly",
)


@dataclass(frozen=True, kw_only=True)
class NodeRole:
    """An IAM role of nodes; both are known once all of its policies are attached."""

    name: Output[str]
    arn: Output[str]


def create_node_role(
    environment: str, account: Account, opts: pulumi.ResourceOptions, kind: str = "node"
) -> NodeRole:
    """Create the role of a kind of nodes.

    Those that Karpenter launches have one of their own: of the role of node groups, EKS makes and deletes
    the access entry as it sees fit.
    """
    name = physical_name(environment, kind)
    role = Role(
        name,
        name=name,
        description="Nodes of the EKS cluster",
        assume_role_policy=service_trust("ec2.amazonaws.com"),
        opts=opts,
    )
    attached = [
        RolePolicyAttachment(
            f"{name}-{policy}", role=role.name, policy_arn=account.managed_policy_arn(policy), opts=opts
        )
        for policy in _MANAGED_POLICIES
    ]
    # A node that starts before its permissions are there never joins.
    ready = Output.all(role.name, role.arn, *(attachment.id for attachment in attached))
    return NodeRole(name=ready.apply(lambda values: values[0]), arn=ready.apply(lambda values: values[1]))
