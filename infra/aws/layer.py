"""Puts the AWS components of one environment together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pulumi
from pulumi import ResourceOptions
from pulumi_aws.provider import Provider

from infra.aws.access_points import AccessPoints, AccessPointsArgs, accesses
from infra.aws.account import Account, current_account
from infra.aws.audit import Audit, AuditArgs, trail_name
from infra.aws.cache import Cache, CacheArgs, cache_log_group
from infra.aws.catalogue import Catalogue, CatalogueArgs
from infra.aws.cluster import Cluster, ClusterArgs, cluster_name, log_group_name
from infra.aws.cluster_addons import (
    AddonSpec,
    ClusterAddons,
    ClusterAddonsArgs,
    node_addons,
    scheduled_addons,
)
from infra.aws.data_stores import DataStores, DataStoresArgs, database_log_group
from infra.aws.edge import Edge, EdgeArgs
from infra.aws.encryption import Encryption, EncryptionArgs
from infra.aws.gpu_pool import GpuPool, GpuPoolArgs
from infra.aws.identity import Identity, IdentityArgs, Pipelines
from infra.aws.lake import Lake, LakeArgs, bucket_name
from infra.aws.network import Network, NetworkArgs
from infra.aws.node_role import create_node_role
from infra.aws.operations import Operations, OperationsArgs, metrics_log_group
from infra.aws.providers import Providers
from infra.aws.registry import Registry, RegistryArgs
from infra.aws.replicas import Replicas, ReplicasArgs, replica_of
from infra.aws.replication import Replication, ReplicationArgs
from infra.aws.streaming import Brokers, Streaming, StreamingArgs, broker_log_group
from infra.aws.workload_identity import Grant, WorkloadIdentity, WorkloadIdentityArgs
from infra.conventions import LAKE_ZONES, PROJECT, Persona, tenant_namespace
from infra.planning.eks_versions import KUBERNETES_VERSIONS
from infra.planning.instance_types import INSTANCE_TYPES
from infra.planning.subnets import plan_subnets
from infra.settings.models import GpuPoolSettings, PlatformSettings, Settings
from infra.settings.release import SERVICES


@dataclass(frozen=True, kw_only=True)
class AwsEstate:
    """The components that an environment consists of; identities by tenant, then by workload."""

    account: Account
    lake: Lake
    access_points: AccessPoints
    catalogue: Catalogue
    streaming: Streaming
    data_stores: DataStores
    cache: Cache
    registry: Registry
    cluster: Cluster
    personas: Identity
    pools: dict[str, GpuPool]
    addons: ClusterAddons
    identities: dict[str, dict[str, WorkloadIdentity]]
    audit: Audit
    operations: Operations
    edge: Edge | None


def build_aws(settings: Settings, providers: Providers) -> AwsEstate:
    """Register every AWS resource of an environment."""
    builder = _Builder(settings, providers.home)
    network, keys = builder.network_and_keys()
    lake = builder.lake(keys)
    if providers.replicas:
        builder.replicate(lake, keys, providers.replicas)
    streaming = builder.streaming(network, keys)
    data_stores = builder.data_stores(network, keys)
    cache = builder.cache(network, keys)
    cluster = builder.cluster(network, keys)
    pools, addons = builder.nodes(network, keys, cluster)
    personas, identities = builder.personas(keys, cluster), builder.identities(keys, cluster, cache)
    return AwsEstate(
        account=builder.account,
        lake=lake,
        catalogue=builder.catalogue(keys, lake, personas),
        access_points=builder.access_points(lake, personas, identities),
        streaming=streaming,
        data_stores=data_stores,
        cache=cache,
        registry=builder.registry(keys),
        cluster=cluster,
        personas=personas,
        pools=pools,
        addons=addons,
        identities=identities,
        audit=builder.audit(keys, lake),
        operations=builder.operations(keys, cluster),
        edge=builder.edge(providers.edge),
    )


class _Builder:
    """Passes settings and outputs on as arguments; decides nothing but the order."""

    def __init__(self, settings: Settings, provider: Provider) -> None:
        self._platform: PlatformSettings = settings.platform
        self._opts = ResourceOptions(provider=provider)
        self.account = current_account(provider, settings.region)
        self._environment = self._platform.environment
        self._flow_log_group = f"/{PROJECT}/{self._environment}/flow-logs"
        self._subnets = plan_subnets(self._platform.network.vpc_range, self._platform.network.zones)
        self._addon_versions = KUBERNETES_VERSIONS[self._platform.cluster.kubernetes_version]

    def _after(self, *resources: pulumi.Resource) -> ResourceOptions:
        return ResourceOptions.merge(self._opts, ResourceOptions(depends_on=list(resources)))

    def network_and_keys(self) -> tuple[Network, Encryption]:
        platform = self._platform
        keys = Encryption(
            "encryption",
            EncryptionArgs(
                environment=self._environment,
                account=self.account,
                administrators=platform.administrators,
                log_groups=self._log_groups(),
                trail=trail_name(self._environment),
                protect=platform.protect_data,
            ),
            self._opts,
        )
        network = Network(
            "network",
            NetworkArgs(
                environment=self._environment,
                account=self.account,
                vpc_range=str(platform.network.vpc_range),
                plan=self._subnets,
                nat_per_zone=platform.network.nat_gateways == "one-per-zone",
                endpoints=platform.network.endpoints,
                organization_id=platform.network.organization_id,
                flow_log_group=self._flow_log_group,
                flow_log_retention_days=platform.network.flow_log_retention_days,
                logs_key_arn=keys.outputs.logs,
            ),
            self._opts,
        )
        return network, keys

    def _log_groups(self) -> list[str]:
        """Every log group that the `logs` key encrypts."""
        groups = [
            self._flow_log_group,
            log_group_name(self._environment),
            database_log_group(self._environment),
            cache_log_group(self._environment),
            metrics_log_group(self._environment),
        ]
        if self._platform.streaming.form == "provisioned":
            groups.append(broker_log_group(self._environment))
        return groups

    def lake(self, keys: Encryption) -> Lake:
        settings = self._platform.lake
        return Lake(
            "lake",
            LakeArgs(
                environment=self._environment,
                account=self.account,
                lake_key_arn=keys.outputs.lake,
                models_key_arn=keys.outputs.models,
                noncurrent_days=settings.noncurrent_days,
                expiry_days=settings.expiry_days,
                transitions={zone: tiers.transitions for zone, tiers in settings.tiers.items()},
                access_log_days=settings.access_log_days,
                protect=self._platform.protect_data,
            ),
            self._opts,
        )

    def streaming(self, network: Network, keys: Encryption) -> Streaming:
        settings = self._platform.streaming
        subnet_ids = network.outputs.isolated_subnet_ids
        brokers = Brokers(
            kafka_version=settings.brokers.kafka_version,
            instance_type=settings.brokers.instance_type,
            count=settings.brokers.per_zone * len(subnet_ids),
            volume_gib=settings.brokers.volume_gib,
            partitions=settings.brokers.partitions,
            retention_hours=settings.brokers.retention_hours,
            key_arn=keys.outputs.streaming,
            log_group=broker_log_group(self._environment),
            log_retention_days=settings.brokers.log_retention_days,
            logs_key_arn=keys.outputs.logs,
        )
        return Streaming(
            "streaming",
            StreamingArgs(
                environment=self._environment,
                vpc_id=network.outputs.vpc_id,
                subnet_ids=subnet_ids,
                client_ranges=self._client_ranges(),
                brokers=brokers if settings.form == "provisioned" else None,
                protect=self._platform.protect_data,
            ),
            self._opts,
        )

    def audit(self, keys: Encryption, lake: Lake) -> Audit:
        settings = self._platform.audit
        replication = self._platform.lake.replication
        replicas = [replica_of(zone) for zone in replication.zones] if replication else []
        return Audit(
            "audit",
            AuditArgs(
                environment=self._environment,
                account=self.account,
                key_arn=keys.outputs.audit,
                access_log_bucket=lake.outputs.access_logs,
                log_delivery=lake.log_delivery,
                watched_buckets=[
                    bucket_name(self._environment, zone, self.account) for zone in (*LAKE_ZONES, *replicas)
                ],
                lock_mode=settings.lock_mode,
                lock_days=settings.lock_days,
                keep_days=settings.keep_days,
                account_services=settings.account_services,
                recording=settings.recording,
                threat_features=settings.threat_features,
                standards=settings.standards,
                protect=self._platform.protect_data,
            ),
            self._opts,
        )

    def data_stores(self, network: Network, keys: Encryption) -> DataStores:
        database = self._platform.data_stores.database
        return DataStores(
            "data-stores",
            DataStoresArgs(
                environment=self._environment,
                vpc_id=network.outputs.vpc_id,
                subnet_ids=network.outputs.isolated_subnet_ids,
                client_ranges=self._client_ranges(),
                metadata_key_arn=keys.outputs.metadata,
                secrets_key_arn=keys.outputs.secrets,
                logs_key_arn=keys.outputs.logs,
                engine_version=database.engine_version,
                instances=database.instances,
                min_capacity=database.min_capacity,
                max_capacity=database.max_capacity,
                backup_days=database.backup_days,
                log_retention_days=database.log_retention_days,
                protect=self._platform.protect_data,
            ),
            self._opts,
        )

    def cache(self, network: Network, keys: Encryption) -> Cache:
        settings = self._platform.data_stores.cache
        return Cache(
            "cache",
            CacheArgs(
                environment=self._environment,
                tenants=list(self._platform.tenants),
                vpc_id=network.outputs.vpc_id,
                subnet_ids=network.outputs.isolated_subnet_ids,
                client_ranges=self._client_ranges(),
                key_arn=keys.outputs.cache,
                logs_key_arn=keys.outputs.logs,
                engine_version=settings.engine_version,
                node_type=settings.node_type,
                replicas=settings.replicas,
                snapshot_days=settings.snapshot_days,
                log_retention_days=settings.log_retention_days,
                protect=self._platform.protect_data,
            ),
            self._opts,
        )

    def operations(self, keys: Encryption, cluster: Cluster) -> Operations:
        settings = self._platform.operations
        return Operations(
            "operations",
            OperationsArgs(
                environment=self._environment,
                account=self.account,
                backups_key_arn=keys.outputs.backups,
                alerts_key_arn=keys.outputs.alerts,
                logs_key_arn=keys.outputs.logs,
                log_retention_days=self._platform.cluster.log_retention_days,
                cluster_name=cluster.outputs.name,
                backup_days=settings.backup_days,
                backup_lock_days=settings.backup_lock_days,
                monthly_budget_usd=settings.monthly_budget_usd,
                tenant_budgets_usd=settings.tenant_budgets_usd,
                anomaly_usd=settings.anomaly_usd,
                protect=self._platform.protect_data,
            ),
            self._opts,
        )

    def edge(self, edge_provider: Provider | None) -> Edge | None:
        settings = self._platform.edge
        if settings is None or edge_provider is None:
            return None
        return Edge(
            "edge",
            EdgeArgs(
                environment=self._environment,
                account=self.account,
                edge_provider=edge_provider,
                administrators=self._platform.administrators,
                domain=settings.domain,
                origin=settings.origin,
                standby_origin=settings.standby_origin,
                health_path=settings.health_path,
                requests_per_address=settings.requests_per_address,
                price_class=settings.price_class,
                log_retention_days=settings.log_retention_days,
                protect=self._platform.protect_data,
            ),
            self._opts,
        )

    def _client_ranges(self) -> list[str]:
        """Where nodes, and so pods, have their addresses."""
        return [str(subnet.address_range) for subnet in self._subnets.private]

    def registry(self, keys: Encryption) -> Registry:
        settings = self._platform.registry
        return Registry(
            "registry",
            RegistryArgs(
                environment=self._environment,
                services=SERVICES,
                key_arn=keys.outputs.registry,
                scanning=settings.scanning if self._platform.audit.account_services else None,
                signing_profile=settings.signing_profile,
                signature_months=settings.signature_months,
                protect=self._platform.protect_data,
            ),
            self._opts,
        )

    def cluster(self, network: Network, keys: Encryption) -> Cluster:
        settings = self._platform.cluster
        return Cluster(
            "cluster",
            ClusterArgs(
                environment=self._environment,
                account=self.account,
                kubernetes_version=settings.kubernetes_version,
                vpc_id=network.outputs.vpc_id,
                subnet_ids=network.outputs.isolated_subnet_ids,
                service_range=str(settings.service_range),
                api_client_ranges=[str(address_range) for address_range in settings.api_client_ranges],
                administrators=self._platform.administrators,
                secrets_key_arn=keys.outputs.cluster,
                log_group=log_group_name(self._environment),
                log_retention_days=settings.log_retention_days,
                logs_key_arn=keys.outputs.logs,
                protect=self._platform.protect_data,
            ),
            self._opts,
        )

    def nodes(
        self, network: Network, keys: Encryption, cluster: Cluster
    ) -> tuple[dict[str, GpuPool], ClusterAddons]:
        """Pools between the add-ons that nodes need and those that need nodes."""
        before = self._addons("node-addons", cluster, node_addons(self._addon_versions), self._opts)
        role_arn = create_node_role(self._environment, self.account, self._opts)
        pools = {
            name: self._pool(name, pool, network, keys, cluster, role_arn, self._after(before, network))
            for name, pool in self._platform.gpu_pools.items()
        }
        after = self._addons(
            "scheduled-addons", cluster, scheduled_addons(self._addon_versions), self._after(*pools.values())
        )
        return pools, after

    def _pool(
        self,
        name: str,
        pool: GpuPoolSettings,
        network: Network,
        keys: Encryption,
        cluster: Cluster,
        role_arn: pulumi.Output[str],
        opts: ResourceOptions,
    ) -> GpuPool:
        subnets = zip(self._platform.network.zones, network.outputs.private_subnet_ids, strict=True)
        return GpuPool(
            f"pool-{name}",
            GpuPoolArgs(
                environment=self._environment,
                pool=name,
                vpc_id=network.outputs.vpc_id,
                cluster_name=cluster.outputs.name,
                cluster_security_group_id=cluster.outputs.security_group_id,
                kubernetes_version=self._platform.cluster.kubernetes_version,
                node_role_arn=role_arn,
                # Nodes pull images and join through NAT: its routes have to be there.
                subnet_ids=[subnet for zone, subnet in subnets if pool.zone in (None, zone)],
                instance_type=pool.instance_type,
                efa_interfaces=INSTANCE_TYPES[pool.instance_type].efa_interfaces if pool.efa else 0,
                min_nodes=pool.nodes.min,
                desired_nodes=pool.nodes.desired,
                max_nodes=pool.nodes.max,
                volume_gib=pool.volume_gib,
                volumes_key_arn=keys.outputs.volumes,
            ),
            opts,
        )

    def _addons(
        self, name: str, cluster: Cluster, addons: tuple[AddonSpec, ...], opts: ResourceOptions
    ) -> ClusterAddons:
        args = ClusterAddonsArgs(
            cluster_name=cluster.outputs.name, addons=addons, protect=self._platform.protect_data
        )
        return ClusterAddons(name, args, opts)

    def personas(self, keys: Encryption, cluster: Cluster) -> Identity:
        """Roles of people and pipelines."""
        settings = self._platform.identity
        automation = settings.automation
        return Identity(
            "identity",
            IdentityArgs(
                environment=self._environment,
                account=self.account,
                tenants=list(self._platform.tenants),
                people_account=settings.people_account,
                mfa_max_age_s=settings.mfa_max_age_minutes * 60,
                pipelines=Pipelines(
                    issuer=automation.issuer, audience=automation.audience, subjects=automation.subjects
                )
                if automation
                else None,
                cluster=cluster.outputs.name,
                cluster_name=cluster_name(self._environment),
                lake_key_arn=keys.outputs.lake,
                models_key_arn=keys.outputs.models,
            ),
            self._opts,
        )

    def identities(
        self, keys: Encryption, cluster: Cluster, cache: Cache
    ) -> dict[str, dict[str, WorkloadIdentity]]:
        return {
            tenant: {
                workload: WorkloadIdentity(
                    f"{tenant}-{workload}",
                    WorkloadIdentityArgs(
                        environment=self._environment,
                        account=self.account,
                        cluster_name=cluster.outputs.name,
                        cluster_arn=cluster.outputs.arn,
                        tenant=tenant,
                        workload=workload,
                        namespace=tenant_namespace(tenant),
                        grants=grants,
                        # Features are written by ingest and read by the model server.
                        cache_arns=[cache.outputs.arn, cache.outputs.user_arns[tenant]]
                        if workload in ("ingest", "inference")
                        else [],
                    ),
                    self._opts,
                )
                for workload, grants in self._grants(keys).items()
            }
            for tenant in self._platform.tenants
        }

    def _grants(self, keys: Encryption) -> dict[str, list[Grant]]:
        """What each workload does in the lake."""

        def grant(zone: str, key_arn: pulumi.Output[str], *, write: bool = False) -> Grant:
            bucket = bucket_name(self._environment, zone, self.account)
            return Grant(zone=zone, bucket=bucket, key_arn=key_arn, write=write)

        lake, models = keys.outputs.lake, keys.outputs.models
        return {
            "ingest": [grant("raw", lake), grant("curated", lake, write=True)],
            "training": [
                grant("curated", lake),
                grant("features", lake),
                grant("checkpoints", models, write=True),
                grant("models", models, write=True),
            ],
            "inference": [grant("models", models)],
        }

    def replicate(self, lake: Lake, keys: Encryption, provider: Provider) -> None:
        """Copies of the lake in a second region; both ends have to be versioned first."""
        settings = self._platform.lake
        if settings.replication is None:
            return
        second, zones = replace(self.account, region=settings.replication.region), settings.replication.zones
        replicas = Replicas(
            "replicas",
            ReplicasArgs(
                environment=self._environment,
                account=second,
                administrators=self._platform.administrators,
                zones=zones,
                noncurrent_days=settings.noncurrent_days,
                expiry_days=settings.expiry_days,
                protect=self._platform.protect_data,
            ),
            ResourceOptions(provider=provider),
        )
        Replication(
            "replication",
            ReplicationArgs(
                environment=self._environment,
                account=self.account,
                replica_region=second.region,
                sources={zone: getattr(lake.outputs, zone) for zone in zones},
                source_key_arns={"lake": keys.outputs.lake, "models": keys.outputs.models},
                replica_key_arn=replicas.outputs.key_arn,
            ),
            self._after(lake, replicas),
        )

    def catalogue(self, keys: Encryption, lake: Lake, personas: Identity) -> Catalogue:
        roles = personas.outputs.role_arns

        def granted(*names: Persona) -> dict[str, dict[str, pulumi.Output[str]]]:
            return {
                tenant: {name: roles[f"{tenant}/{name}"] for name in names}
                for tenant in self._platform.tenants
            }

        return Catalogue(
            "catalogue",
            CatalogueArgs(
                environment=self._environment,
                account=self.account,
                administrators=self._platform.administrators,
                governs_account=self._platform.audit.account_services,
                datasets={name: tenant.dataset for name, tenant in self._platform.tenants.items()},
                lake_key_arn=keys.outputs.lake,
                readers=granted(Persona.DATA_SCIENTIST, Persona.ML_ENGINEER),
                writers=granted(Persona.DATA_ENGINEER),
                query_limit_gib=self._platform.lake.query_limit_gib,
                protect=self._platform.protect_data,
            ),
            self._after(lake),
        )

    def access_points(
        self, lake: Lake, personas: Identity, identities: dict[str, dict[str, WorkloadIdentity]]
    ) -> AccessPoints:
        return AccessPoints(
            "access-points",
            AccessPointsArgs(
                environment=self._environment,
                account=self.account,
                buckets={zone: getattr(lake.outputs, zone) for zone in LAKE_ZONES},
                accesses=accesses(list(self._platform.tenants), personas.outputs.role_arns, identities),
            ),
            self._opts,
        )
