"""What everything else stands on: network, keys, records of who did what, operation, the edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

from pulumi import ResourceOptions
from pulumi_aws.provider import Provider

from infra.aws.alerts import PODS_ALARM
from infra.aws.assembly.site import Site
from infra.aws.audit import Audit, AuditArgs, trail_name
from infra.aws.backup_copies import BackupCopies, BackupCopiesArgs
from infra.aws.backups import Copies
from infra.aws.cache import cache_log_group
from infra.aws.cluster import Cluster, log_group_name
from infra.aws.dashboards import Dashboards, DashboardsArgs
from infra.aws.data_stores import database_log_group
from infra.aws.edge import Edge, EdgeArgs
from infra.aws.elastic_nodes import CONTROLLER
from infra.aws.encryption import Encryption, EncryptionArgs
from infra.aws.gpu_pool import GpuPool
from infra.aws.lake import QUERY_RESULTS, Lake, bucket_name
from infra.aws.metrics_collector import MetricsCollector, MetricsCollectorArgs
from infra.aws.model_signing import ModelSigning, ModelSigningArgs
from infra.aws.network import Network, NetworkArgs
from infra.aws.on_premises import TransitGateway
from infra.aws.operations import Operations, OperationsArgs, metrics_log_group
from infra.aws.quota_requests import QuotaRequests, QuotaRequestsArgs
from infra.aws.registry import Registry, RegistryArgs
from infra.aws.replicas import replica_of
from infra.aws.settings_bucket import SETTINGS
from infra.aws.streaming import broker_log_group
from infra.aws.training_filesystem import filesystem_log_group
from infra.aws.volume_driver import DRIVER
from infra.aws.working_hours import SleepingPool, WorkingHours, WorkingHoursArgs
from infra.conventions import LAKE_ZONES, PROJECT, physical_name
from infra.settings.account_quotas import figures
from infra.settings.audit import ThreatFeature
from infra.settings.network import NetworkSettings
from infra.settings.release import SERVICES


def network_and_keys(site: Site) -> tuple[Network, Encryption]:
    """The network, whose logs need a key, and all keys."""
    platform = site.platform
    keys = Encryption(
        "encryption",
        EncryptionArgs(
            environment=site.environment,
            account=site.account,
            administrators=platform.administrators,
            log_groups=_log_groups(site),
            trail=trail_name(site.environment),
            file_systems=bool(site.tenants_with_filesystem),
            elastic_nodes=physical_name(site.environment, CONTROLLER)
            if site.platform.elastic_pools
            else None,
            volume_driver=physical_name(site.environment, DRIVER),
            protect=platform.protect_data,
        ),
        site.opts,
    )
    network = Network(
        "network",
        NetworkArgs(
            environment=site.environment,
            account=site.account,
            vpc_range=str(platform.network.vpc_range),
            plan=site.subnets,
            transit_gateway=_transit_gateway(platform.network),
            nat_per_zone=platform.network.nat_gateways == "one-per-zone",
            endpoints=platform.network.endpoints,
            organization_id=platform.network.organization_id,
            flow_log_group=_flow_log_group(site),
            flow_log_retention_days=platform.network.flow_log_retention_days,
            logs_key_arn=keys.outputs.logs,
        ),
        site.opts,
    )
    return network, keys


def model_signing(site: Site) -> ModelSigning:
    """A key for the models of each tenant; its training's role is made later."""
    return ModelSigning(
        "model-signing",
        ModelSigningArgs(
            environment=site.environment,
            account=site.account,
            administrators=site.platform.administrators,
            signers={
                tenant: physical_name(site.environment, tenant, "training")
                for tenant in site.platform.tenants
            },
            protect=site.platform.protect_data,
        ),
        site.opts,
    )


def _transit_gateway(settings: NetworkSettings) -> TransitGateway | None:
    gateway = settings.transit_gateway
    return TransitGateway(id=gateway.id, ranges=[str(one) for one in gateway.ranges]) if gateway else None


def _flow_log_group(site: Site) -> str:
    return f"/{PROJECT}/{site.environment}/flow-logs"


def _log_groups(site: Site) -> list[str]:
    """Every log group that the `logs` key encrypts."""
    groups = [
        _flow_log_group(site),
        log_group_name(site.environment),
        database_log_group(site.environment),
        cache_log_group(site.environment),
        metrics_log_group(site.environment),
    ]
    if site.platform.streaming.form == "provisioned":
        groups.append(broker_log_group(site.environment))
    return [
        *groups,
        *(filesystem_log_group(site.environment, tenant) for tenant in site.tenants_with_filesystem),
    ]


def audit(site: Site, keys: Encryption, lake: Lake) -> Audit:
    """Records of what is done, also with the lake's data."""
    settings = site.platform.audit
    recovery = site.platform.recovery
    replicas = [replica_of(zone) for zone in recovery.zones] if recovery else []
    of_settings = [SETTINGS] if settings.account_services else []
    return Audit(
        "audit",
        AuditArgs(
            environment=site.environment,
            account=site.account,
            key_arn=keys.outputs.audit,
            access_log_bucket=lake.outputs.access_logs,
            log_delivery=lake.log_delivery,
            watched_buckets=[
                bucket_name(site.environment, zone, site.account)
                for zone in (*LAKE_ZONES, QUERY_RESULTS, *replicas, *of_settings)
            ],
            lock_mode=settings.lock_mode,
            lock_days=settings.lock_days,
            keep_days=settings.keep_days,
            account_services=settings.account_services,
            recording=settings.recording,
            threat_features={each: each in settings.threat_features for each in get_args(ThreatFeature)},
            standards=settings.standards,
            protect=site.platform.protect_data,
        ),
        site.opts,
    )


def backup_copies(site: Site, second_provider: Provider | None) -> Copies | None:
    """A vault in the second region, where the settings ask for one."""
    settings = site.platform.recovery
    if settings is None or second_provider is None:
        return None
    vault = BackupCopies(
        "backup-copies",
        BackupCopiesArgs(
            environment=site.environment,
            account=replace(site.account, region=settings.region),
            administrators=site.platform.administrators,
            lock_days=site.platform.operations.backup_lock_days,
            protect=site.platform.protect_data,
        ),
        ResourceOptions(provider=second_provider),
    )
    return Copies(vault_arn=vault.outputs.vault_arn, days=settings.backup_days)


def operations(site: Site, keys: Encryption, cluster: Cluster, copies: Copies | None) -> Operations:
    """Backups, alarms, metrics and budgets."""
    settings = site.platform.operations
    return Operations(
        "operations",
        OperationsArgs(
            environment=site.environment,
            account=site.account,
            backups_key_arn=keys.outputs.backups,
            alerts_key_arn=keys.outputs.alerts,
            logs_key_arn=keys.outputs.logs,
            log_retention_days=site.platform.cluster.log_retention_days,
            cluster_name=cluster.outputs.name,
            backup_days=settings.backup_days,
            backup_lock_days=settings.backup_lock_days,
            backup_copies=copies,
            monthly_budget_usd=settings.monthly_budget_usd,
            tenant_budgets_usd=settings.tenant_budgets_usd,
            anomaly_usd=settings.anomaly_usd if site.platform.audit.account_services else None,
            alert_endpoints=settings.alert_endpoints,
            protect=site.platform.protect_data,
        ),
        site.opts,
    )


def metrics_collector(
    site: Site, network: Network, cluster: Cluster, operations: Operations
) -> MetricsCollector:
    """Fills the store of metrics; where the control plane has its interfaces, and no pod has an address."""
    return MetricsCollector(
        "metrics-collector",
        MetricsCollectorArgs(
            environment=site.environment,
            vpc_id=network.outputs.vpc_id,
            subnet_ids=network.outputs.isolated_subnet_ids,
            cluster_arn=cluster.outputs.arn,
            cluster_security_group_id=cluster.outputs.security_group_id,
            workspace_arn=operations.outputs.metrics_workspace_arn,
        ),
        site.opts,
    )


def dashboards(site: Site, network: Network, operations: Operations) -> Dashboards | None:
    """Where people look at metrics, if the settings say who."""
    settings = site.platform.operations.dashboards
    if settings is None:
        return None
    return Dashboards(
        "dashboards",
        DashboardsArgs(
            environment=site.environment,
            account=site.account,
            administrators=site.platform.administrators,
            vpc_id=network.outputs.vpc_id,
            subnet_ids=network.outputs.isolated_subnet_ids,
            client_ranges=[str(each) for each in site.platform.cluster.api_client_ranges],
            metrics_workspace_arn=operations.outputs.metrics_workspace_arn,
            groups={
                "ADMIN": settings.administrators,
                "EDITOR": settings.editors,
                "VIEWER": settings.viewers,
            },
            protect=site.platform.protect_data,
        ),
        site.opts,
    )


def working_hours(
    site: Site, cluster: Cluster, pools: Mapping[str, GpuPool], operations: Operations
) -> WorkingHours | None:
    """Pools that sleep at night, where the settings name some."""
    settings = site.platform.operations.working_hours
    if settings is None:
        return None
    # Pods of model servers wait for the morning, and that is no news.
    waiting = any(tenant.pool in settings.pools for tenant in site.platform.tenants.values())
    return WorkingHours(
        "working-hours",
        WorkingHoursArgs(
            environment=site.environment,
            account=site.account,
            hours=settings.hours,
            cluster_name=cluster.outputs.name,
            pools={
                name: SleepingPool(
                    node_group=pools[name].outputs.name,
                    arn=pools[name].outputs.arn,
                    nodes=site.platform.gpu_pools[name].nodes.desired,
                )
                for name in settings.pools
            },
            alerts_topic_arn=operations.outputs.alerts_topic_arn,
            quiet_alarm=physical_name(site.environment, PODS_ALARM.name) if waiting else None,
        ),
        site.opts,
    )


def request_quotas(site: Site, second_provider: Provider | None) -> None:
    """Ask for EC2's quotas, where the settings say so; where the standby would be, beforehand."""
    quotas = site.platform.account_quotas
    if quotas is None or not quotas.request:
        return
    args = QuotaRequestsArgs(environment=site.environment, vcpus=figures(quotas))
    QuotaRequests("quota-requests", args, site.opts)
    if second_provider:
        # After the loss of a region there are no days to wait.
        QuotaRequests("standby-quota-requests", args, ResourceOptions(provider=second_provider))


def edge(site: Site, edge_provider: Provider | None) -> Edge | None:
    """The public way in, where the settings ask for one."""
    settings = site.platform.edge
    if settings is None or edge_provider is None:
        return None
    return Edge(
        "edge",
        EdgeArgs(
            environment=site.environment,
            account=site.account,
            edge_provider=edge_provider,
            administrators=site.platform.administrators,
            domain=settings.domain,
            origin=settings.origin,
            standby_origin=settings.standby_origin,
            health_path=settings.health_path,
            requests_per_address=settings.requests_per_address,
            price_class=settings.price_class,
            log_retention_days=settings.log_retention_days,
            protect=site.platform.protect_data,
        ),
        site.opts,
    )


def registry(site: Site, keys: Encryption) -> Registry:
    """A repository for the image of each service."""
    settings = site.platform.registry
    return Registry(
        "registry",
        RegistryArgs(
            environment=site.environment,
            services=SERVICES,
            key_arn=keys.outputs.registry,
            scanning=settings.scanning if site.platform.audit.account_services else None,
            signing_profile=settings.signing_profile,
            signature_months=settings.signature_months,
            protect=site.platform.protect_data,
        ),
        site.opts,
    )
