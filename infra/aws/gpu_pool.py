"""A pool of GPU nodes: a managed node group on an immutable operating system."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output
from pulumi_aws.ec2.launch_template import LaunchTemplate
from pulumi_aws.eks.node_group import NodeGroup

from infra.aws.fabric import Fabric, create_fabric, fabric_interfaces
from infra.aws.node_template import metadata_options, node_volumes, tag_specifications
from infra.aws.pool_capacity import Purchase, reservation_target, reserve
from infra.conventions import GPU_RESOURCE, PARTS_LABEL, POOL_LABEL, ComponentType, physical_name, registered

_AMI_TYPE = "BOTTLEROCKET_x86_64_NVIDIA"
"""Read-only root, no shell; NVIDIA's driver, container toolkit and device plugin are built in, in step."""


@dataclass(frozen=True, kw_only=True)
class GpuPoolArgs:
    """What a pool is made from.

    Args:
        environment: part of every name.
        pool: its name; the value of the label `groundplan.dev/pool`.
        vpc_id: the network.
        cluster_name: the cluster that its nodes join.
        cluster_security_group_id: the group of all of its nodes.
        kubernetes_version: version of the kubelet; at most that of the control plane.
        node_role_arn: IAM role of the nodes.
        subnet_ids: private subnets; with EFA, one.
        instance_type: EC2 instance type with NVIDIA GPUs.
        purchase: how nodes are bought.
        efa_interfaces: Elastic Fabric Adapters of each node; with any, nodes stand close together.
        min_nodes: never fewer.
        desired_nodes: at creation; afterwards an autoscaler's business.
        max_nodes: never more.
        volume_gib: data volume of each node in GiB.
        images_snapshot: snapshot that the data volume is made from, with images in it.
        parts: into how many each GPU is divided.
        node_settings: settings of Bottlerocket, as TOML.
        volumes_key_arn: KMS key of the volumes.
        tags: of all that EC2 makes for its nodes; default tags of the provider do not reach it.
    """

    environment: str
    pool: str
    vpc_id: Input[str]
    cluster_name: Input[str]
    cluster_security_group_id: Input[str]
    kubernetes_version: str
    node_role_arn: Input[str]
    subnet_ids: Sequence[Input[str]]
    instance_type: str
    purchase: Purchase
    efa_interfaces: int
    min_nodes: int
    desired_nodes: int
    max_nodes: int
    volume_gib: int
    images_snapshot: str | None
    parts: int
    node_settings: str
    volumes_key_arn: Input[str]
    tags: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class GpuPoolOutputs:
    """The node group."""

    name: Output[str]
    arn: Output[str]


class GpuPool(pulumi.ComponentResource):
    """GPU nodes for pods that tolerate their taint; sick nodes are replaced."""

    def __init__(self, name: str, args: GpuPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.GPU_POOL, name, None, opts)
        self._args = args
        self._physical_name = physical_name(args.environment, args.pool)
        self._child = pulumi.ResourceOptions(parent=self)
        fabric = self._create_fabric() if args.efa_interfaces else None
        group = self._create_group(self._create_template(fabric, self._reserve(fabric)))
        self.outputs = GpuPoolOutputs(name=group.node_group_name, arn=group.arn)
        self.register_outputs(registered(self.outputs))

    def _create_fabric(self) -> Fabric:
        args = self._args
        return create_fabric(self._physical_name, args.vpc_id, self._child, place=not args.purchase.is_block)

    def _reserve(self, fabric: Fabric | None) -> Input[str] | None:
        """A reservation is for nodes of the placement group, if there is one, or for none of them."""
        group = fabric.placement_group if fabric else None
        return reserve(
            self._physical_name,
            self._args.purchase,
            instance_type=self._args.instance_type,
            count=self._args.max_nodes,
            placement_group_arn=group.arn if group else None,
            opts=self._child,
        )

    def _create_template(self, fabric: Fabric | None, reservation_id: Input[str] | None) -> LaunchTemplate:
        args = self._args
        return LaunchTemplate(
            self._physical_name,
            name=self._physical_name,
            description=f"Nodes of the pool {args.pool}",
            metadata_options=metadata_options(),
            block_device_mappings=node_volumes(args.volumes_key_arn, args.volume_gib, args.images_snapshot),
            placement={"group_name": fabric.placement_group.name}
            if fabric and fabric.placement_group
            else None,
            # EKS takes the type of a Capacity Block's instances from the template.
            instance_type=args.instance_type if args.purchase.is_block else None,
            instance_market_options=args.purchase.market_options,
            capacity_reservation_specification=reservation_target(reservation_id),
            # EKS adds the cluster's group only to templates that name no interfaces.
            network_interfaces=fabric_interfaces(
                args.efa_interfaces, [args.cluster_security_group_id, fabric.security_group_id]
            )
            if fabric
            else None,
            monitoring={"enabled": True},
            # EKS adds what a node needs to join.
            user_data=b64encode(args.node_settings.encode()).decode(),
            tag_specifications=tag_specifications(
                {**args.tags, "Name": self._physical_name, POOL_LABEL: args.pool}
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
            capacity_type=args.purchase.capacity_type,
            instance_types=None
            if args.purchase.is_block
            else [args.instance_type, *args.purchase.fallback_types],
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            scaling_config={
                "min_size": args.min_nodes,
                "desired_size": args.desired_nodes,
                "max_size": args.max_nodes,
            },
            update_config={"max_unavailable": 1},
            node_repair_config={"enabled": True},
            labels={POOL_LABEL: args.pool, **({PARTS_LABEL: str(args.parts)} if args.parts > 1 else {})},
            taints=[{"key": GPU_RESOURCE, "value": "present", "effect": "NO_SCHEDULE"}],
            opts=pulumi.ResourceOptions(
                parent=self,
                # An autoscaler owns it once the pool is there; an update must not undo its work.
                ignore_changes=["scalingConfig.desiredSize"],
            ),
        )
