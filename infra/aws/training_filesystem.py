"""A fast file system for one tenant's training: FSx for Lustre, filled from the tenant's part of the lake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output
from pulumi_aws.cloudwatch.log_group import LogGroup
from pulumi_aws.ec2.security_group import SecurityGroup
from pulumi_aws.fsx.data_repository_association import DataRepositoryAssociation
from pulumi_aws.fsx.lustre_file_system import LustreFileSystem
from pulumi_aws.vpc.security_group_egress_rule import SecurityGroupEgressRule
from pulumi_aws.vpc.security_group_ingress_rule import SecurityGroupIngressRule

from infra.aws.client_groups import create_group
from infra.conventions import ComponentType, physical_name, registered

LINKED_ZONES = ("curated", "features")
"""What training reads. Checkpoints and models go to the lake itself, which alone is backed by replicas."""
_PORTS = ((988, 988), (1018, 1023))
"""Of Lustre's network, in both directions: clients call servers, and servers call clients back.

https://docs.aws.amazon.com/fsx/latest/LustreGuide/limit-access-security-groups.html
"""
_VERSION = "2.15"


@dataclass(frozen=True, kw_only=True)
class TrainingFilesystemArgs:
    """What a file system is made from.

    Args:
        environment: part of every name.
        tenant: whose data it shows.
        vpc_id: the network.
        subnet_id: where its servers are; in the zone of the nodes that mount it.
        client_ranges: addresses of those nodes.
        nodes_security_group_id: the group of all nodes.
        key_arn: KMS key of the lake's data, of which it holds a copy.
        capacity_gib: capacity in GiB.
        throughput_mbps_per_tib: megabytes per second for each TiB of capacity.
        buckets: buckets of the lake that are linked, by the folder that shows the tenant's part of them.
        log_retention_days: how long messages about the links are kept.
        logs_key_arn: KMS key of the log group.
        protect: refuse to delete it.
    """

    environment: str
    tenant: str
    vpc_id: Input[str]
    subnet_id: Input[str]
    client_ranges: Sequence[str]
    nodes_security_group_id: Input[str]
    key_arn: Input[str]
    capacity_gib: int
    throughput_mbps_per_tib: int
    buckets: Mapping[str, Input[str]]
    log_retention_days: int
    logs_key_arn: Input[str]
    protect: bool


@dataclass(frozen=True, kw_only=True)
class TrainingFilesystemOutputs:
    """What it takes to mount it."""

    id: Output[str]
    dns_name: Output[str]
    mount_name: Output[str]


class TrainingFilesystem(pulumi.ComponentResource):
    """Encrypted storage near the GPUs that follows the lake: objects that come, change or go there do here.

    FSx makes no backups of a file system that is linked to S3, and none is needed: the lake has all of it.
    """

    def __init__(
        self, name: str, args: TrainingFilesystemArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(ComponentType.TRAINING_FILESYSTEM, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._name = filesystem_name(args.environment, args.tenant)
        group, rules = self._create_security_group()
        system = self._create_system(group, rules, self._create_log_group())
        for folder, bucket in args.buckets.items():
            self._link(system, folder, bucket)
        self.outputs = TrainingFilesystemOutputs(
            id=system.id, dns_name=system.dns_name, mount_name=system.mount_name
        )
        self.register_outputs(registered(self.outputs))

    def _create_security_group(self) -> tuple[SecurityGroup, list[pulumi.Resource]]:
        """Servers among themselves, nodes to servers, and servers back to nodes: the group and its rules."""
        group = create_group(
            self._name,
            description=f"Servers of the file system of {self._args.tenant}",
            vpc_id=self._args.vpc_id,
            opts=self._child,
        )
        rules = [self._connect(f"{self._name}-{ports[0]}", group, ports) for ports in _PORTS]
        return group, [rule for of_ports in rules for rule in of_ports]

    def _connect(self, name: str, group: SecurityGroup, ports: tuple[int, int]) -> list[pulumi.Resource]:
        nodes = self._args.nodes_security_group_id
        return [
            self._open(SecurityGroupIngressRule, name, group.id, ports, peer=group.id),
            self._open(SecurityGroupEgressRule, name, group.id, ports, peer=group.id),
            self._open(SecurityGroupIngressRule, f"{name}-back", nodes, ports, peer=group.id),
            *(
                self._open(kind, f"{name}-{number}", group.id, ports, address_range=address_range)
                for number, address_range in enumerate(self._args.client_ranges)
                for kind in (SecurityGroupIngressRule, SecurityGroupEgressRule)
            ),
        ]

    def _open(
        self,
        kind: type[SecurityGroupIngressRule | SecurityGroupEgressRule],
        name: str,
        group_id: Input[str],
        ports: tuple[int, int],
        *,
        peer: Input[str] | None = None,
        address_range: str | None = None,
    ) -> pulumi.Resource:
        """Let a group, or a range, in or out."""
        return kind(
            name,
            security_group_id=group_id,
            description=f"Lustre of {self._args.tenant}",
            ip_protocol="tcp",
            from_port=ports[0],
            to_port=ports[1],
            referenced_security_group_id=peer,
            cidr_ipv4=address_range,
            opts=self._child,
        )

    def _create_log_group(self) -> LogGroup:
        return LogGroup(
            self._name,
            name=filesystem_log_group(self._args.environment, self._args.tenant),
            retention_in_days=self._args.log_retention_days,
            kms_key_id=self._args.logs_key_arn,
            opts=self._child,
        )

    def _create_system(
        self, group: SecurityGroup, rules: list[pulumi.Resource], logs: LogGroup
    ) -> LustreFileSystem:
        """Once its ports are open: FSx looks at the rules, and makes no file system that they would cut off.

        https://docs.aws.amazon.com/fsx/latest/LustreGuide/cannot-create-fs.html
        """
        args = self._args
        return LustreFileSystem(
            self._name,
            subnet_ids=args.subnet_id,
            security_group_ids=[group.id],
            deployment_type="PERSISTENT_2",
            storage_type="SSD",
            storage_capacity=args.capacity_gib,
            per_unit_storage_throughput=args.throughput_mbps_per_tib,
            file_system_type_version=_VERSION,
            data_compression_type="LZ4",
            metadata_configuration={"mode": "AUTOMATIC"},
            kms_key_id=args.key_arn,
            automatic_backup_retention_days=0,
            skip_final_backup=True,
            log_configuration={"level": "WARN_ERROR", "destination": logs.arn},
            tags={"Name": self._name, "DataClass": "internal", "Tenant": args.tenant},
            opts=pulumi.ResourceOptions(parent=self, depends_on=rules, protect=args.protect),
        )

    def _link(self, system: LustreFileSystem, folder: str, bucket: Input[str]) -> None:
        """Show the tenant's part of a bucket; nothing that is written here goes back."""
        DataRepositoryAssociation(
            f"{self._name}-{folder}",
            file_system_id=system.id,
            file_system_path=f"/{folder}",
            data_repository_path=Output.concat("s3://", bucket, f"/{self._args.tenant}/"),
            batch_import_meta_data_on_create=True,
            s3={"auto_import_policy": {"events": ["NEW", "CHANGED", "DELETED"]}},
            tags={"Name": f"{self._name}-{folder}", "Tenant": self._args.tenant},
            opts=self._child,
        )


def filesystem_name(environment: str, tenant: str) -> str:
    """Name of a tenant's file system."""
    return physical_name(environment, tenant, "training")


def filesystem_log_group(environment: str, tenant: str) -> str:
    """Name of its log group; FSx takes no group of another prefix."""
    return f"/aws/fsx/{filesystem_name(environment, tenant)}"
