"""The pool of the cluster's own pods: a small managed node group without GPUs that is always there."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output
from pulumi_aws.ec2.launch_template import LaunchTemplate
from pulumi_aws.eks.node_group import NodeGroup

from infra.aws.node_template import metadata_options, node_volumes, tag_specifications
from infra.conventions import (
    POOL_LABEL,
    SYSTEM_POOL,
    SYSTEM_TAINT,
    ComponentType,
    physical_name,
    registered,
)

_AMI_TYPE = "BOTTLEROCKET_x86_64"
"""Read-only root, no shell."""


@dataclass(frozen=True, kw_only=True)
class SystemPoolArgs:
    """What the pool is made from.

    Args:
        environment: part of every name.
        cluster_name: the cluster that its nodes join.
        kubernetes_version: version of the kubelet; at most that of the control plane.
        node_role_arn: IAM role of the nodes.
        subnet_ids: private subnets, one of each zone.
        instance_type: EC2 instance type without GPUs.
        nodes: how many, always.
        volume_gib: data volume of each node in GiB.
        node_settings: settings of Bottlerocket, as TOML.
        volumes_key_arn: KMS key of the volumes.
        tags: of all that EC2 makes for its nodes; default tags of the provider do not reach it.
    """

    environment: str
    cluster_name: Input[str]
    kubernetes_version: str
    node_role_arn: Input[str]
    subnet_ids: Sequence[Input[str]]
    instance_type: str
    nodes: int
    volume_gib: int
    node_settings: str
    volumes_key_arn: Input[str]
    tags: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class SystemPoolOutputs:
    """The node group."""

    name: Output[str]
    arn: Output[str]


class SystemPool(pulumi.ComponentResource):
    """Nodes that DNS, metrics and Karpenter run on: nothing that scales them runs on what it scales."""

    def __init__(self, name: str, args: SystemPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.SYSTEM_POOL, name, None, opts)
        self._args = args
        self._physical_name = physical_name(args.environment, SYSTEM_POOL)
        self._child = pulumi.ResourceOptions(parent=self)
        group = self._create_group(self._create_template())
        self.outputs = SystemPoolOutputs(name=group.node_group_name, arn=group.arn)
        self.register_outputs(registered(self.outputs))

    def _create_template(self) -> LaunchTemplate:
        args = self._args
        return LaunchTemplate(
            self._physical_name,
            name=self._physical_name,
            description="Nodes of the cluster's own pods",
            metadata_options=metadata_options(),
            block_device_mappings=node_volumes(args.volumes_key_arn, args.volume_gib),
            monitoring={"enabled": True},
            # EKS adds what a node needs to join.
            user_data=b64encode(args.node_settings.encode()).decode(),
            tag_specifications=tag_specifications(
                {**args.tags, "Name": self._physical_name, POOL_LABEL: SYSTEM_POOL}
            ),
            opts=self._child,
        )

    def _create_group(self, template: LaunchTemplate) -> NodeGroup:
        args = self._args
        return NodeGroup(
            self._physical_name,
            node_group_name=self._physical_name,
            cluster_name=args.cluster_name,
            version=args.kubernetes_version,
            node_role_arn=args.node_role_arn,
            subnet_ids=args.subnet_ids,
            ami_type=_AMI_TYPE,
            capacity_type="ON_DEMAND",
            instance_types=[args.instance_type],
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            scaling_config={"min_size": args.nodes, "desired_size": args.nodes, "max_size": args.nodes},
            update_config={"max_unavailable": 1},
            node_repair_config={"enabled": True},
            labels={POOL_LABEL: SYSTEM_POOL},
            taints=[{"key": SYSTEM_TAINT, "value": "true", "effect": "NO_SCHEDULE"}],
            opts=self._child,
        )
