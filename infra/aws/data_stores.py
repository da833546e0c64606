"""Data stores beside the lake: the database of metadata, Aurora PostgreSQL that sizes itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output
from pulumi_aws.cloudwatch.log_group import LogGroup
from pulumi_aws.ec2.security_group import SecurityGroup
from pulumi_aws.rds._enums import EngineType
from pulumi_aws.rds.cluster import Cluster
from pulumi_aws.rds.cluster_instance import ClusterInstance
from pulumi_aws.rds.subnet_group import SubnetGroup
from pulumi_aws.secretsmanager.secret_rotation import SecretRotation

from infra.aws.client_groups import create_client_group
from infra.conventions import BACKUP_TAG, ComponentType, physical_name, registered

_ENGINE = EngineType.AURORA_POSTGRESQL
_PORT = 5432


@dataclass(frozen=True, kw_only=True)
class DataStoresArgs:
    """What the data stores are made from.

    Args:
        environment: part of every name.
        vpc_id: the network.
        subnet_ids: isolated ones, in three zones.
        client_ranges: private ranges whose hosts may connect.
        metadata_key_arn: KMS key of the database, its backups and its performance data.
        secrets_key_arn: KMS key of the secret that holds the master password.
        logs_key_arn: KMS key of the log group.
        engine_version: version of PostgreSQL.
        snapshot: ARN of the snapshot that it begins with; None for an empty database.
        instances: how many; the first writes.
        min_capacity: Aurora capacity units of each instance when idle.
        max_capacity: Aurora capacity units of each instance under load.
        backup_days: days within which any second can be restored.
        password_rotation_days: days after which RDS replaces the master password.
        log_retention_days: how long the database's log is kept.
        protect: refuse to delete the database, and keep a last snapshot of it.
    """

    environment: str
    vpc_id: Input[str]
    subnet_ids: Sequence[Input[str]]
    client_ranges: Sequence[str]
    metadata_key_arn: Input[str]
    secrets_key_arn: Input[str]
    logs_key_arn: Input[str]
    engine_version: str
    snapshot: str | None
    instances: int
    min_capacity: float
    max_capacity: float
    backup_days: int
    password_rotation_days: int
    log_retention_days: int
    protect: bool


@dataclass(frozen=True, kw_only=True)
class DataStoresOutputs:
    """Where the database answers; people and pods log in by IAM, the secret is for emergencies."""

    database_endpoint: Output[str]
    database_reader_endpoint: Output[str]
    database_resource_id: Output[str]
    database_security_group_id: Output[str]


class DataStores(pulumi.ComponentResource):
    """An encrypted database in isolated subnets. RDS keeps the master password, and changes it on time.

    It is the only secret of the estate: people, pods and pipelines log in by IAM, everywhere.
    """

    def __init__(self, name: str, args: DataStoresArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.DATA_STORES, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._name = database_name(args.environment)
        group = self._create_security_group()
        logs = self._create_log_group()
        cluster = self._create_cluster(self._create_subnet_group(), group, logs)
        self._create_instances(cluster)
        self._schedule_rotation(cluster)
        self.outputs = DataStoresOutputs(
            database_endpoint=cluster.endpoint,
            database_reader_endpoint=cluster.reader_endpoint,
            database_resource_id=cluster.cluster_resource_id,
            database_security_group_id=group.id,
        )
        self.register_outputs(registered(self.outputs))

    def _create_security_group(self) -> SecurityGroup:
        return create_client_group(
            self._name,
            description="Private networks that may reach the database of metadata",
            vpc_id=self._args.vpc_id,
            service="PostgreSQL",
            port=_PORT,
            client_ranges=self._args.client_ranges,
            opts=self._child,
        )

    def _create_subnet_group(self) -> SubnetGroup:
        return SubnetGroup(
            self._name,
            name=self._name,
            description="Isolated subnets",
            subnet_ids=self._args.subnet_ids,
            opts=self._child,
        )

    def _create_log_group(self) -> LogGroup:
        """Ours, before the database: the one that RDS would make is neither encrypted nor ever emptied."""
        return LogGroup(
            self._name,
            name=database_log_group(self._args.environment),
            retention_in_days=self._args.log_retention_days,
            kms_key_id=self._args.logs_key_arn,
            opts=self._child,
        )

    def _create_cluster(self, subnets: SubnetGroup, group: SecurityGroup, logs: LogGroup) -> Cluster:
        """TLS is not a choice here: from PostgreSQL 17 on, Aurora refuses connections without it.

        https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Security.html
        """
        args = self._args
        return Cluster(
            self._name,
            cluster_identifier=self._name,
            engine=_ENGINE,
            engine_mode="provisioned",  # which serverless v2 is a kind of instance in
            engine_version=args.engine_version,
            database_name="metadata",
            master_username="administrator",
            snapshot_identifier=args.snapshot,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=args.secrets_key_arn,
            iam_database_authentication_enabled=True,
            port=_PORT,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[group.id],
            storage_encrypted=True,
            kms_key_id=args.metadata_key_arn,
            serverlessv2_scaling_configuration={
                "min_capacity": args.min_capacity,
                "max_capacity": args.max_capacity,
            },
            backup_retention_period=args.backup_days,
            copy_tags_to_snapshot=True,
            enabled_cloudwatch_logs_exports=["postgresql"],
            deletion_protection=args.protect,
            skip_final_snapshot=not args.protect,
            final_snapshot_identifier=f"{self._name}-last" if args.protect else None,
            tags=dict([("DataClass", "metadata"), BACKUP_TAG]),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[logs], protect=args.protect),
        )

    def _create_instances(self, cluster: Cluster) -> None:
        for number in range(self._args.instances):
            ClusterInstance(
                f"{self._name}-{number}",
                identifier=f"{self._name}-{number}",
                cluster_identifier=cluster.id,
                engine=_ENGINE,
                engine_version=self._args.engine_version,
                instance_class="db.serverless",
                promotion_tier=min(number, 1),
                auto_minor_version_upgrade=False,
                publicly_accessible=False,
                performance_insights_enabled=True,
                performance_insights_kms_key_id=self._args.metadata_key_arn,
                copy_tags_to_snapshot=True,
                opts=self._child,
            )

    def _schedule_rotation(self, cluster: Cluster) -> None:
        """The schedule on record; RDS makes and sets each new password itself, without a function of ours.

        Retained, because to delete a rotation ends it for good; the secret goes with the database.
        https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_managed.html
        """
        SecretRotation(
            self._name,
            secret_id=cluster.master_user_secrets[0].secret_arn,
            rotate_immediately=False,
            rotation_rules={"automatically_after_days": self._args.password_rotation_days},
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )


def database_name(environment: str) -> str:
    """Name of an environment's database of metadata."""
    return physical_name(environment, "metadata")


def database_log_group(environment: str) -> str:
    """Name that RDS gives to the log group of an environment's database."""
    return f"/aws/rds/cluster/{database_name(environment)}/postgresql"
