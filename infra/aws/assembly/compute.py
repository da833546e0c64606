"""Where code runs: the cluster, its nodes and its add-ons."""

from __future__ import annotations

import pulumi
from pulumi import ResourceOptions

from infra.aws.assembly.site import Site
from infra.aws.cluster import Cluster, ClusterArgs, cluster_name, log_group_name
from infra.aws.cluster_addons import (
    AddonSpec,
    ClusterAddons,
    ClusterAddonsArgs,
    PodNetwork,
    node_addons,
    scheduled_addons,
)
from infra.aws.elastic_nodes import ElasticNodes, ElasticNodesArgs
from infra.aws.encryption import Encryption
from infra.aws.gpu_pool import GpuPool, GpuPoolArgs
from infra.aws.network import Network
from infra.aws.node_role import create_node_role
from infra.aws.pool_capacity import Purchase
from infra.aws.system_pool import SystemPool, SystemPoolArgs
from infra.aws.volume_driver import VolumeDriver, VolumeDriverArgs
from infra.planning import fabric, gpu_parts
from infra.planning.eks_versions import KUBERNETES_VERSIONS
from infra.planning.instance_types import INSTANCE_TYPES
from infra.planning.node_settings import node_settings
from infra.settings.models import GpuPoolSettings
from infra.settings.tags import platform_tags, pool_tags


def cluster(site: Site, network: Network, keys: Encryption) -> Cluster:
    """The cluster, without nodes."""
    settings = site.platform.cluster
    return Cluster(
        "cluster",
        ClusterArgs(
            environment=site.environment,
            account=site.account,
            kubernetes_version=settings.kubernetes_version,
            vpc_id=network.outputs.vpc_id,
            subnet_ids=network.outputs.isolated_subnet_ids,
            service_range=str(settings.service_range),
            api_client_ranges=[str(address_range) for address_range in settings.api_client_ranges],
            administrators=site.platform.administrators,
            readers=site.platform.readers,
            secrets_key_arn=keys.outputs.cluster,
            log_group=log_group_name(site.environment),
            log_retention_days=settings.log_retention_days,
            logs_key_arn=keys.outputs.logs,
            protect=site.platform.protect_data,
        ),
        # EKS may take hours to see a range that comes after the cluster.
        site.after(*network.pod_ranges),
    )


def nodes(
    site: Site, network: Network, keys: Encryption, cluster: Cluster
) -> tuple[dict[str, GpuPool], ClusterAddons]:
    """Pools between the add-ons that nodes need and those that need nodes: those of the system pool."""
    versions = KUBERNETES_VERSIONS[site.platform.cluster.kubernetes_version]
    before = _addons(
        site, "node-addons", cluster, node_addons(versions, _pod_network(site, network, cluster)), site.opts
    )
    role_arn = create_node_role(site.environment, site.account, site.opts).arn
    system = _system_pool(site, network, keys, cluster, role_arn, site.after(before, network))
    pools = {
        name: _pool(site, name, pool, network, keys, cluster, role_arn, site.after(before, network))
        for name, pool in site.platform.gpu_pools.items()
    }
    scheduled = scheduled_addons(
        versions,
        file_systems=bool(site.tenants_with_filesystem),
        lake_mounts=any(tenant.training.lake_mount for tenant in site.platform.tenants.values()),
    )
    # Pods get credentials only if the association is there before them.
    opts = site.after(system, _volume_driver(site, keys, cluster))
    return pools, _addons(site, "scheduled-addons", cluster, scheduled, opts)


def _pod_network(site: Site, network: Network, cluster: Cluster) -> PodNetwork:
    zones = site.platform.network.zones
    return PodNetwork(
        region=site.account.region,
        subnet_ids=dict(zip(zones, network.outputs.pod_subnet_ids, strict=True)),
        security_group_id=cluster.outputs.security_group_id,
    )


def elastic_nodes(site: Site, network: Network, keys: Encryption, cluster: Cluster) -> ElasticNodes | None:
    """What Karpenter needs of AWS, where the settings name pools for it."""
    if not site.platform.elastic_pools:
        return None
    return ElasticNodes(
        "elastic-nodes",
        ElasticNodesArgs(
            environment=site.environment,
            account=site.account,
            cluster=cluster_name(site.environment),
            cluster_name=cluster.outputs.name,
            cluster_arn=cluster.outputs.arn,
            subnet_ids=network.outputs.private_subnet_ids,
            security_group_id=cluster.outputs.security_group_id,
            administrators=site.platform.administrators,
            volumes_key_arn=keys.outputs.volumes,
            protect=site.platform.protect_data,
        ),
        site.opts,
    )


def _volume_driver(site: Site, keys: Encryption, cluster: Cluster) -> VolumeDriver:
    return VolumeDriver(
        "volume-driver",
        VolumeDriverArgs(
            environment=site.environment,
            account=site.account,
            cluster_name=cluster.outputs.name,
            cluster_arn=cluster.outputs.arn,
            volumes_key_arn=keys.outputs.volumes,
        ),
        site.opts,
    )


def _system_pool(
    site: Site,
    network: Network,
    keys: Encryption,
    cluster: Cluster,
    role_arn: pulumi.Output[str],
    opts: ResourceOptions,
) -> SystemPool:
    settings = site.platform.system_pool
    return SystemPool(
        "system-pool",
        SystemPoolArgs(
            environment=site.environment,
            cluster_name=cluster.outputs.name,
            kubernetes_version=site.platform.cluster.kubernetes_version,
            node_role_arn=role_arn,
            # Nodes pull images and join through NAT: its routes have to be there.
            subnet_ids=network.outputs.private_subnet_ids,
            instance_type=settings.instance_type,
            nodes=settings.nodes,
            volume_gib=settings.volume_gib,
            node_settings=node_settings(),
            volumes_key_arn=keys.outputs.volumes,
            tags=platform_tags(site.platform),
        ),
        opts,
    )


def _pool(
    site: Site,
    name: str,
    pool: GpuPoolSettings,
    network: Network,
    keys: Encryption,
    cluster: Cluster,
    role_arn: pulumi.Output[str],
    opts: ResourceOptions,
) -> GpuPool:
    subnets = zip(site.platform.network.zones, network.outputs.private_subnet_ids, strict=True)
    return GpuPool(
        f"pool-{name}",
        GpuPoolArgs(
            environment=site.environment,
            pool=name,
            vpc_id=network.outputs.vpc_id,
            cluster_name=cluster.outputs.name,
            cluster_security_group_id=cluster.outputs.security_group_id,
            kubernetes_version=site.platform.cluster.kubernetes_version,
            node_role_arn=role_arn,
            # Nodes pull images and join through NAT: its routes have to be there.
            subnet_ids=[subnet for zone, subnet in subnets if pool.zone in (None, zone)],
            instance_type=pool.instance_type,
            purchase=_purchase(pool),
            efa_interfaces=INSTANCE_TYPES[pool.instance_type].efa_interfaces if pool.efa else 0,
            min_nodes=pool.nodes.min,
            desired_nodes=pool.nodes.desired,
            max_nodes=pool.nodes.max,
            volume_gib=pool.volume_gib,
            images_snapshot=pool.images_snapshot,
            parts=pool.parts,
            node_settings=_node_settings(pool),
            volumes_key_arn=keys.outputs.volumes,
            tags=pool_tags(site.platform, name),
        ),
        opts,
    )


def _node_settings(pool: GpuPoolSettings) -> str:
    """GPUs are divided, or train together by EFA, never both."""
    if pool.sharing:
        gpu = INSTANCE_TYPES[pool.instance_type].gpu
        return node_settings(gpu_parts.node_settings(pool.sharing.strategy, pool.parts, gpu))
    return node_settings(fabric.NODE_SETTINGS if pool.efa else "")


def _purchase(pool: GpuPoolSettings) -> Purchase:
    settings = pool.purchase
    return Purchase(
        option=settings.option,
        fallback_types=settings.fallback_types,
        zone=pool.zone,
        block_id=settings.capacity_block.reservation_id if settings.capacity_block else None,
    )


def _addons(
    site: Site, name: str, cluster: Cluster, addons: tuple[AddonSpec, ...], opts: ResourceOptions
) -> ClusterAddons:
    args = ClusterAddonsArgs(
        cluster_name=cluster.outputs.name, addons=addons, protect=site.platform.protect_data
    )
    return ClusterAddons(name, args, opts)
