"""What training stands on beside the nodes: file systems near them."""

from __future__ import annotations

from infra.aws.assembly.site import Site
from infra.aws.cluster import Cluster
from infra.aws.encryption import Encryption
from infra.aws.lake import Lake
from infra.aws.network import Network
from infra.aws.training_filesystem import LINKED_ZONES, TrainingFilesystem, TrainingFilesystemArgs
from infra.settings.filesystem import FilesystemSettings


def filesystems(
    site: Site, network: Network, keys: Encryption, lake: Lake, cluster: Cluster
) -> dict[str, TrainingFilesystem]:
    """The file system of each tenant that asks for one."""
    return {
        name: _filesystem(
            site, name, tenant.training_pool, tenant.training.filesystem, network, keys, lake, cluster
        )
        for name, tenant in site.platform.tenants.items()
        if tenant.training.filesystem
    }


def _filesystem(
    site: Site,
    tenant: str,
    pool: str,
    settings: FilesystemSettings,
    network: Network,
    keys: Encryption,
    lake: Lake,
    cluster: Cluster,
) -> TrainingFilesystem:
    zones = site.platform.network.zones
    place = zones.index(site.platform.gpu_pools[pool].zone or zones[0])
    return TrainingFilesystem(
        f"{tenant}-filesystem",
        TrainingFilesystemArgs(
            environment=site.environment,
            tenant=tenant,
            vpc_id=network.outputs.vpc_id,
            subnet_id=network.outputs.isolated_subnet_ids[place],
            client_ranges=[site.node_ranges[place]],
            nodes_security_group_id=cluster.outputs.security_group_id,
            key_arn=keys.outputs.lake,
            capacity_gib=settings.capacity_gib,
            throughput_mbps_per_tib=settings.throughput_mbps_per_tib,
            buckets={zone: getattr(lake.outputs, zone) for zone in LINKED_ZONES},
            log_retention_days=settings.log_retention_days,
            logs_key_arn=keys.outputs.logs,
            protect=site.platform.protect_data,
        ),
        site.opts,
    )
