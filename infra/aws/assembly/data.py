"""Where data is: the lake with its catalogue, the event stream, the database and the cache."""

from __future__ import annotations

import json
from dataclasses import replace

import pulumi
from pulumi import ResourceOptions
from pulumi_aws.provider import Provider

from infra.aws.access_points import AccessPoints, AccessPointsArgs, accesses
from infra.aws.assembly.site import Site
from infra.aws.cache import Cache, CacheArgs
from infra.aws.catalogue import Catalogue, CatalogueArgs
from infra.aws.cluster_addons import ClusterAddons
from infra.aws.data_stores import DataStores, DataStoresArgs
from infra.aws.encryption import Encryption
from infra.aws.identity import Identity
from infra.aws.lake import Lake, LakeArgs
from infra.aws.network import Network
from infra.aws.replicas import Replicas, ReplicasArgs
from infra.aws.replication import Replication, ReplicationArgs
from infra.aws.schema_registry import EventSchema, SchemaRegistry, SchemaRegistryArgs
from infra.aws.streaming import Brokers, Streaming, StreamingArgs, broker_log_group
from infra.aws.workload_identity import WorkloadIdentity
from infra.conventions import LAKE_ZONES, Persona


def lake(site: Site, keys: Encryption) -> Lake:
    """The lake, a bucket for each zone."""
    settings = site.platform.lake
    return Lake(
        "lake",
        LakeArgs(
            environment=site.environment,
            account=site.account,
            lake_key_arn=keys.outputs.lake,
            models_key_arn=keys.outputs.models,
            noncurrent_days=settings.noncurrent_days,
            expiry_days=settings.expiry_days,
            transitions={zone: tiers.transitions for zone, tiers in settings.tiers.items()},
            access_log_days=settings.access_log_days,
            protect=site.platform.protect_data,
        ),
        site.opts,
    )


def access_points(
    site: Site,
    lake: Lake,
    personas: Identity,
    identities: dict[str, dict[str, WorkloadIdentity]],
    addons: ClusterAddons,
) -> AccessPoints:
    """The tenants' doors into the lake.

    After the add-ons, which take minutes: S3 refuses a policy about a role that it has not heard of yet, and
    the provider asks once only. Roles that a later deployment adds may need a second try.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html
    """
    return AccessPoints(
        "access-points",
        AccessPointsArgs(
            environment=site.environment,
            account=site.account,
            buckets={zone: getattr(lake.outputs, zone) for zone in LAKE_ZONES},
            accesses=accesses(list(site.platform.tenants), personas.outputs.role_arns, identities),
        ),
        site.after(addons),
    )


def catalogue(site: Site, keys: Encryption, lake: Lake, personas: Identity) -> Catalogue:
    """The tables in the lake, and who of the people may query them."""
    roles = personas.outputs.role_arns

    def granted(*names: Persona) -> dict[str, dict[str, pulumi.Output[str]]]:
        return {
            tenant: {name: roles[f"{tenant}/{name}"] for name in names} for tenant in site.platform.tenants
        }

    return Catalogue(
        "catalogue",
        CatalogueArgs(
            environment=site.environment,
            account=site.account,
            administrators=site.platform.administrators,
            viewers=site.platform.readers,
            governs_account=site.platform.audit.account_services,
            datasets={name: tenant.dataset for name, tenant in site.platform.tenants.items()},
            lake_key_arn=keys.outputs.lake,
            readers=granted(Persona.DATA_SCIENTIST, Persona.ML_ENGINEER),
            writers=granted(Persona.DATA_ENGINEER),
            query_limit_gib=site.platform.lake.query_limit_gib,
            protect=site.platform.protect_data,
        ),
        site.after(lake),
    )


def replicate(site: Site, lake: Lake, keys: Encryption, provider: Provider) -> None:
    """Copies of the lake in a second region; both ends have to be versioned first."""
    settings, recovery = site.platform.lake, site.platform.recovery
    if recovery is None:
        return
    second, zones = replace(site.account, region=recovery.region), recovery.zones
    replicas = Replicas(
        "replicas",
        ReplicasArgs(
            environment=site.environment,
            account=second,
            administrators=site.platform.administrators,
            zones=zones,
            noncurrent_days=settings.noncurrent_days,
            expiry_days=settings.expiry_days,
            access_log_days=settings.access_log_days,
            protect=site.platform.protect_data,
        ),
        ResourceOptions(provider=provider),
    )
    Replication(
        "replication",
        ReplicationArgs(
            environment=site.environment,
            account=site.account,
            replica_region=second.region,
            sources={zone: getattr(lake.outputs, zone) for zone in zones},
            source_key_arns={"lake": keys.outputs.lake, "models": keys.outputs.models},
            replica_key_arns=replicas.outputs.key_arns,
        ),
        site.after(lake, replicas),
    )


def streaming(site: Site, network: Network, keys: Encryption) -> Streaming:
    """The event stream, in the form that the settings name."""
    settings = site.platform.streaming
    subnet_ids = network.outputs.isolated_subnet_ids
    brokers = Brokers(
        kafka_version=settings.brokers.kafka_version,
        instance_type=settings.brokers.instance_type,
        count=settings.brokers.per_zone * len(subnet_ids),
        volume_gib=settings.brokers.volume_gib,
        partitions=settings.brokers.partitions,
        retention_hours=settings.brokers.retention_hours,
        key_arn=keys.outputs.streaming,
        log_group=broker_log_group(site.environment),
        log_retention_days=settings.brokers.log_retention_days,
        logs_key_arn=keys.outputs.logs,
        topics=site.platform.topics,
    )
    return Streaming(
        "streaming",
        StreamingArgs(
            environment=site.environment,
            vpc_id=network.outputs.vpc_id,
            subnet_ids=subnet_ids,
            client_ranges=site.client_ranges,
            brokers=brokers if settings.form == "provisioned" else None,
            protect=site.platform.protect_data,
        ),
        site.opts,
    )


def schemas(site: Site) -> SchemaRegistry | None:
    """What events look like, where the settings say it."""
    declared = site.platform.streaming.schemas
    if not declared:
        return None
    return SchemaRegistry(
        "schemas",
        SchemaRegistryArgs(
            environment=site.environment,
            schemas={
                name: EventSchema(
                    data_format=schema.format,
                    compatibility=schema.compatibility,
                    definition=json.dumps(schema.definition, sort_keys=True),
                )
                for name, schema in declared.items()
            },
            protect=site.platform.protect_data,
        ),
        site.opts,
    )


def data_stores(site: Site, network: Network, keys: Encryption) -> DataStores:
    """The database of metadata."""
    database = site.platform.data_stores.database
    return DataStores(
        "data-stores",
        DataStoresArgs(
            environment=site.environment,
            vpc_id=network.outputs.vpc_id,
            subnet_ids=network.outputs.isolated_subnet_ids,
            client_ranges=site.client_ranges,
            metadata_key_arn=keys.outputs.metadata,
            secrets_key_arn=keys.outputs.secrets,
            logs_key_arn=keys.outputs.logs,
            engine_version=database.engine_version,
            snapshot=database.snapshot,
            instances=database.instances,
            min_capacity=database.min_capacity,
            max_capacity=database.max_capacity,
            backup_days=database.backup_days,
            password_rotation_days=database.password_rotation_days,
            log_retention_days=database.log_retention_days,
            protect=site.platform.protect_data,
        ),
        site.opts,
    )


def cache(site: Site, network: Network, keys: Encryption) -> Cache:
    """The cache, near the database."""
    settings = site.platform.data_stores.cache
    return Cache(
        "cache",
        CacheArgs(
            environment=site.environment,
            tenants=list(site.platform.tenants),
            vpc_id=network.outputs.vpc_id,
            subnet_ids=network.outputs.isolated_subnet_ids,
            client_ranges=site.client_ranges,
            key_arn=keys.outputs.cache,
            logs_key_arn=keys.outputs.logs,
            engine_version=settings.engine_version,
            node_type=settings.node_type,
            replicas=settings.replicas,
            snapshot_days=settings.snapshot_days,
            log_retention_days=settings.log_retention_days,
            protect=site.platform.protect_data,
        ),
        site.opts,
    )
