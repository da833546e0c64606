"""What the driver of EBS volumes may do in the account: volumes of this cluster, encrypted with our key."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi import Input, Output

from infra.aws.account import Account
from infra.aws.documents import Statement, allow, deny
from infra.aws.pod_role import create_pod_role
from infra.conventions import ComponentType, physical_name, registered

DRIVER = "volume-driver"
"""Last part of the name of its role; the policy of the volumes' key names it, too."""
_PODS = ("kube-system", "ebs-csi-controller-sa")
"""The add-on's controller. What mounts volumes on nodes makes no calls to AWS."""
_POLICY = "AmazonEBSCSIDriverEKSClusterScopedPolicy"
"""AWS' narrowest for the driver, from version 1.58 on: volumes, snapshots and nodes with the cluster's name
in a tag. With the session it comes from EKS Pod Identity; the tags are set by the add-on and EKS.

https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEBSCSIDriverEKSClusterScopedPolicy.html
"""


@dataclass(frozen=True, kw_only=True)
class VolumeDriverArgs:
    """What its identity is made from.

    Args:
        environment: part of every name.
        account: where volumes are.
        cluster_name: the cluster that it runs on.
        cluster_arn: its ARN.
        volumes_key_arn: KMS key of the volumes.
    """

    environment: str
    account: Account
    cluster_name: Input[str]
    cluster_arn: Input[str]
    volumes_key_arn: Input[str]


@dataclass(frozen=True, kw_only=True)
class VolumeDriverOutputs:
    """The role, and the association that hands it to the driver."""

    role_arn: Output[str]
    association_arn: Output[str]


class VolumeDriver(pulumi.ComponentResource):
    """An identity for the controller of the add-on `aws-ebs-csi-driver`, which has to be there before it."""

    def __init__(self, name: str, args: VolumeDriverArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.VOLUME_DRIVER, name, None, opts)
        role = create_pod_role(
            physical_name(args.environment, DRIVER),
            account=args.account,
            cluster_name=args.cluster_name,
            cluster_arn=args.cluster_arn,
            pods=_PODS,
            description="Driver of EBS volumes: makes, attaches and deletes those that pods claim",
            purpose="encryption",
            statements=[*encrypting(args.account, args.volumes_key_arn), _nothing_in_the_clear(args.account)],
            managed_policies=[_POLICY],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.outputs = VolumeDriverOutputs(role_arn=role.arn, association_arn=role.association_arn)
        self.register_outputs(registered(self.outputs))


def encrypting(account: Account, key_arn: Input[str]) -> list[Statement]:
    """What it takes to make encrypted volumes and attach them, through EC2 only."""
    through_ec2 = {"StringEquals": {"kms:ViaService": f"ec2.{account.region}.amazonaws.com"}}
    return [
        allow(
            "EncryptVolumes",
            actions=["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"],
            resources=[key_arn],
            conditions=through_ec2,
        ),
        allow(
            "LetVolumesBeUsed",
            actions=["kms:CreateGrant"],
            resources=[key_arn],
            conditions={**through_ec2, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]


def _nothing_in_the_clear(account: Account) -> Statement:
    """Classes of volumes beside ours, as EKS' own `gp2`, ask for none of it."""
    return deny(
        "NoVolumeInTheClear",
        actions=["ec2:CreateVolume"],
        resources=[account.arn("ec2", "volume/*")],
        conditions={"Bool": {"ec2:Encrypted": "false"}},
    )
