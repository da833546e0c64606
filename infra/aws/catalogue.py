"""The catalogue of tables: databases and Iceberg tables of each tenant, who may query them, and with what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output
from pulumi_aws.athena.workgroup import Workgroup
from pulumi_aws.glue.catalog_database import CatalogDatabase
from pulumi_aws.glue.catalog_table import CatalogTable
from pulumi_aws.lakeformation.data_lake_settings import DataLakeSettings
from pulumi_aws.lakeformation.permissions import Permissions

from infra.aws.account import Account
from infra.aws.data_locations import register_locations
from infra.aws.lake import QUERY_RESULTS, bucket_name
from infra.conventions import PROJECT, ComponentType, physical_name, registered

TABLE_ZONES = ("curated", "features")
"""Zones of the lake that hold tables."""
_BYTES_PER_GIB = 2**30
_COLUMNS = {
    "curated": {
        "row_id": "string",
        "event_time": "timestamp",
        "label": "string",
        "values": "array<float>",
        "source": "string",
    },
    "features": {
        "entity_id": "string",
        "event_time": "timestamp",
        "computed_time": "timestamp",
        "feature_set": "string",
        "values": "array<float>",
    },
}
"""What a table begins with; whoever writes it evolves its schema, which Iceberg keeps in the table itself."""


@dataclass(frozen=True, kw_only=True)
class CatalogueArgs:
    """What the catalogue is made from.

    Args:
        environment: part of every name.
        account: where it is created.
        administrators: names of the IAM roles that grant permissions; one must be the deployer's.
        viewers: names of the IAM roles that see the catalogue and all permissions, and no data.
        governs_account: also set up what exists once per account and region: nobody gets permissions on new
            tables by IAM alone.
        datasets: name of each tenant's data set.
        lake_key_arn: KMS key of tables and query results.
        readers: by tenant, the roles that query its tables, by a name for each.
        writers: by tenant, the same for roles that also write, create and alter tables.
        query_limit_gib: the most data that one query may read.
        protect: refuse to delete tables and the results of queries.
    """

    environment: str
    account: Account
    administrators: Sequence[str]
    viewers: Sequence[str]
    governs_account: bool
    datasets: Mapping[str, str]
    lake_key_arn: Input[str]
    readers: Mapping[str, Mapping[str, Input[str]]]
    writers: Mapping[str, Mapping[str, Input[str]]]
    query_limit_gib: int
    protect: bool


@dataclass(frozen=True, kw_only=True)
class CatalogueOutputs:
    """By tenant: its databases by zone, and the work group that it queries with."""

    databases: dict[str, dict[str, Output[str]]]
    workgroups: dict[str, Output[str]]


class Catalogue(pulumi.ComponentResource):
    """Open tables in the lake. Lake Formation, and not the buckets, decides who reads which table."""

    def __init__(self, name: str, args: CatalogueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.CATALOGUE, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._governed = pulumi.ResourceOptions(parent=self, depends_on=self._govern())
        databases = {
            tenant: {zone: self._create_tables(tenant, zone, dataset) for zone in TABLE_ZONES}
            for tenant, dataset in args.datasets.items()
        }
        self.outputs = CatalogueOutputs(
            databases=databases,
            workgroups={tenant: self._create_workgroup(tenant).name for tenant in args.datasets},
        )
        self.register_outputs(registered(self.outputs))

    def _govern(self) -> list[pulumi.Resource]:
        """Hand the data of the table zones, and the permissions on tables, to Lake Formation."""
        args = self._args
        name = physical_name(args.environment, "lake-formation")
        settings: list[pulumi.Resource] = []
        if args.governs_account:
            admins, viewers = (
                [args.account.role_arn(role) for role in roles]
                for roles in (args.administrators, args.viewers)
            )
            # Without default permissions: what IAM allows is not enough to read a new table.
            settings.append(DataLakeSettings(name, admins=admins, read_only_admins=viewers, opts=self._child))
        return register_locations(
            name,
            account=args.account,
            buckets=[bucket_name(args.environment, zone, args.account) for zone in TABLE_ZONES],
            key_arn=args.lake_key_arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=settings),
        )

    def _create_tables(self, tenant: str, zone: str, dataset: str) -> Output[str]:
        """The tenant's database in one zone, its first table, and the grants on all tables in it."""
        args = self._args
        name = physical_name(args.environment, tenant, zone)
        location = f"s3://{bucket_name(args.environment, zone, args.account)}/{tenant}/tables"
        database = CatalogDatabase(
            name,
            name=database_name(args.environment, tenant, zone),
            description=f"Tables of tenant {tenant} in zone {zone}",
            location_uri=location,
            tags={"Tenant": tenant},
            opts=self._governed,
        )
        table = dataset.replace("-", "_")
        CatalogTable(
            name,
            name=table,
            database_name=database.name,
            description=f"{dataset} of tenant {tenant}",
            table_type="EXTERNAL_TABLE",
            open_table_format_input={"iceberg_input": {"metadata_operation": "CREATE", "version": "2"}},
            storage_descriptor={
                "location": f"{location}/{table}",
                "columns": [{"name": column, "type": type_} for column, type_ in _COLUMNS[zone].items()],
            },
            # Each commit of a writer moves the pointer to the table's metadata, and some change its columns.
            opts=pulumi.ResourceOptions.merge(
                self._governed,
                pulumi.ResourceOptions(
                    ignore_changes=["parameters", "storageDescriptor"], protect=args.protect
                ),
            ),
        )
        for role, arn in args.readers[tenant].items():
            self._grant(f"{name}-{role}", arn, database.name, ["DESCRIBE", "SELECT"])
        for role, arn in args.writers[tenant].items():
            changes = ["ALTER", "DELETE", "DESCRIBE", "INSERT", "SELECT"]
            self._grant(f"{name}-{role}", arn, database.name, changes)
            Permissions(
                f"{name}-{role}-create",
                principal=arn,
                permissions=["CREATE_TABLE"],
                database={"name": database.name},
                opts=self._governed,
            )
        return database.name

    def _grant(self, name: str, arn: Input[str], database: Output[str], permissions: list[str]) -> None:
        """Permissions on all tables of a database; they imply that the database can be seen."""
        Permissions(
            name,
            principal=arn,
            permissions=permissions,
            table={"database_name": database, "wildcard": True},
            opts=self._governed,
        )

    def _create_workgroup(self, tenant: str) -> Workgroup:
        """Where the tenant's queries run; its settings win over those of a client."""
        args = self._args
        name = workgroup_name(args.environment, tenant)
        results = bucket_name(args.environment, QUERY_RESULTS, args.account)
        return Workgroup(
            name,
            name=name,
            description=f"Queries of tenant {tenant}",
            force_destroy=not args.protect,
            configuration={
                "enforce_workgroup_configuration": True,
                "publish_cloudwatch_metrics_enabled": True,
                "bytes_scanned_cutoff_per_query": args.query_limit_gib * _BYTES_PER_GIB,
                "engine_version": {"selected_engine_version": "Athena engine version 3"},
                "result_configuration": {
                    "output_location": f"s3://{results}/{tenant}/",
                    "expected_bucket_owner": args.account.id,
                    "encryption_configuration": {
                        "encryption_option": "SSE_KMS",
                        "kms_key_arn": args.lake_key_arn,
                    },
                },
            },
            tags={"Tenant": tenant},
            opts=self._child,
        )


def database_name(environment: str, tenant: str, zone: str) -> str:
    """Name of a tenant's database; SQL wants underscores."""
    return "_".join((PROJECT, environment, tenant, zone)).replace("-", "_")


def workgroup_name(environment: str, tenant: str) -> str:
    """Name of a tenant's work group."""
    return physical_name(environment, tenant)
