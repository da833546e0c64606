"""What Karpenter may do in the account: launch and end its own nodes of our pools, and look things up.

Source: the policies of Karpenter's CloudFormation template (karpenter.sh, reference/cloudformation), but
narrower: subnets, security group, instance profile and queue are named, and it makes no instance profiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import Input, Output

from infra.aws.account import Account
from infra.aws.documents import Conditions, Statement, allow
from infra.aws.volume_driver import encrypting

NODE_POOL_TAG = "karpenter.sh/nodepool"
"""On everything that Karpenter makes."""
_MADE = ("fleet", "instance", "launch-template", "network-interface", "spot-instances-request", "volume")
_LOOKED_UP = (
    "ec2:DescribeCapacityReservations",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceStatus",
    "ec2:DescribeInstanceTypeOfferings",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeInstances",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribePlacementGroups",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSpotPriceHistory",
    "ec2:DescribeSubnets",
)
"""EC2 has no resources to name for these."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a Karpenter works with.

    Args:
        account: where its nodes are.
        cluster: name of its cluster, as text: it is part of the names of tags.
        cluster_arn: the cluster.
        subnet_ids: where its nodes may be.
        security_group_id: the group of its nodes.
        node_role_arn: the role of its nodes.
        profile_arn: the instance profile with that role.
        queue_arn: what it reads.
        queue_key_arn: KMS key of the queue.
        volumes_key_arn: KMS key of the volumes of its nodes.
    """

    account: Account
    cluster: str
    cluster_arn: Input[str]
    subnet_ids: Sequence[Input[str]]
    security_group_id: Input[str]
    node_role_arn: Input[str]
    profile_arn: Input[str]
    queue_arn: Input[str]
    queue_key_arn: Input[str]
    volumes_key_arn: Input[str]

    @property
    def own(self) -> Conditions:
        """Held by what it made."""
        return _tagged("aws:ResourceTag", self.cluster)

    @property
    def made(self) -> list[str]:
        """ARNs of all that it makes, whatever their ids."""
        return [self.account.arn("ec2", f"{kind}/*") for kind in _MADE]


def controller_statements(scope: Scope) -> list[Statement]:
    """The whole policy."""
    return [*_launching(scope), *_tagging(scope), _ending(scope), *_using(scope), *_looking_up(scope)]


def _arn(account: Account, kind: str, id_: Input[str]) -> Output[str]:
    return Output.from_input(id_).apply(lambda known: account.arn("ec2", f"{kind}/{known}"))


def _tagged(key: str, cluster: str) -> Conditions:
    return {
        "StringEquals": {f"{key}/kubernetes.io/cluster/{cluster}": "owned"},
        "StringLike": {f"{key}/{NODE_POOL_TAG}": "*"},
    }


def _requested(scope: Scope) -> Conditions:
    tagged = _tagged("aws:RequestTag", scope.cluster)
    named = {"aws:RequestTag/eks:eks-cluster-name": scope.cluster}
    return {**tagged, "StringEquals": {**tagged["StringEquals"], **named}}


def _launching(scope: Scope) -> list[Statement]:
    account = scope.account
    return [
        allow(
            "LaunchFrom",
            actions=["ec2:CreateFleet", "ec2:RunInstances"],
            resources=[
                account.public_arn("ec2", "image/*"),
                account.public_arn("ec2", "snapshot/*"),
                account.arn("ec2", "snapshot/*"),
                _arn(account, "security-group", scope.security_group_id),
                *(_arn(account, "subnet", each) for each in scope.subnet_ids),
            ],
        ),
        allow(
            "LaunchFromOwnTemplates",
            actions=["ec2:CreateFleet", "ec2:RunInstances"],
            resources=[account.arn("ec2", "launch-template/*")],
            conditions=scope.own,
        ),
        allow(
            "LaunchTagged",
            actions=["ec2:CreateFleet", "ec2:CreateLaunchTemplate", "ec2:RunInstances"],
            resources=scope.made,
            conditions=_requested(scope),
        ),
    ]


def _tagging(scope: Scope) -> list[Statement]:
    requested = _requested(scope)
    created = {"ec2:CreateAction": ["CreateFleet", "CreateLaunchTemplate", "RunInstances"]}
    own = scope.own
    return [
        allow(
            "TagWhatIsCreated",
            actions=["ec2:CreateTags"],
            resources=scope.made,
            conditions={**requested, "StringEquals": {**requested["StringEquals"], **created}},
        ),
        allow(
            "NameOwnInstances",
            actions=["ec2:CreateTags"],
            resources=[scope.account.arn("ec2", "instance/*")],
            conditions={
                **own,
                "StringEqualsIfExists": {"aws:RequestTag/eks:eks-cluster-name": scope.cluster},
                "ForAllValues:StringEquals": {
                    "aws:TagKeys": ["Name", "eks:eks-cluster-name", "karpenter.sh/nodeclaim"]
                },
            },
        ),
    ]


def _ending(scope: Scope) -> Statement:
    return allow(
        "EndOwn",
        actions=["ec2:DeleteLaunchTemplate", "ec2:TerminateInstances"],
        resources=[scope.account.arn("ec2", f"{kind}/*") for kind in ("instance", "launch-template")],
        conditions=scope.own,
    )


def _using(scope: Scope) -> list[Statement]:
    account = scope.account
    return [
        allow(
            "GiveNodesTheirRole",
            actions=["iam:PassRole"],
            resources=[scope.node_role_arn],
            conditions={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
        ),
        allow(
            "ReadInterruptions",
            actions=["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"],
            resources=[scope.queue_arn],
        ),
        allow(
            "DecryptInterruptions",
            actions=["kms:Decrypt"],
            resources=[scope.queue_key_arn],
            conditions={"StringEquals": {"kms:ViaService": f"sqs.{account.region}.amazonaws.com"}},
        ),
        *encrypting(account, scope.volumes_key_arn),
    ]


def _looking_up(scope: Scope) -> list[Statement]:
    account = scope.account
    return [
        allow(
            "LookUpEc2",
            actions=_LOOKED_UP,
            resources=["*"],
            conditions={"StringEquals": {"aws:RequestedRegion": account.region}},
        ),
        allow("LookUpPrices", actions=["pricing:GetProducts"], resources=["*"]),
        allow(
            "LookUpImages",
            actions=["ssm:GetParameter"],
            resources=[account.public_arn("ssm", "parameter/aws/service/bottlerocket/*")],
        ),
        allow("LookUpCluster", actions=["eks:DescribeCluster"], resources=[scope.cluster_arn]),
        allow("LookUpProfile", actions=["iam:GetInstanceProfile"], resources=[scope.profile_arn]),
        allow("ListProfiles", actions=["iam:ListInstanceProfiles"], resources=["*"]),
    ]
