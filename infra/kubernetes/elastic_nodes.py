"""Karpenter and the pools that it fills, where the settings name such pools."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi import ResourceOptions

from infra.aws.elastic_nodes import ElasticNodesOutputs
from infra.aws.layer import AwsEstate
from infra.kubernetes.elastic_pool import ElasticPool, ElasticPoolArgs
from infra.kubernetes.karpenter import Karpenter, KarpenterArgs, generated_definitions
from infra.planning.eks_versions import KUBERNETES_VERSIONS
from infra.settings.elastic import ElasticPoolSettings
from infra.settings.models import Settings
from infra.settings.tags import pool_tags


def build_elastic_nodes(
    settings: Settings, estate: AwsEstate, isolated_ranges: Sequence[str], opts: ResourceOptions
) -> dict[str, ElasticPool]:
    """Register Karpenter and its pools; the result is by pool.

    A pool goes before Karpenter does, and Karpenter ends its nodes: none is left that no state knows of.
    """
    if estate.elastic_nodes is None:
        return {}
    account = estate.elastic_nodes.outputs
    karpenter = Karpenter(
        "karpenter",
        KarpenterArgs(
            region=settings.region,
            cluster=estate.cluster.outputs.name,
            cluster_endpoint=estate.cluster.outputs.endpoint,
            queue=account.queue,
            kubernetes_version=settings.platform.cluster.kubernetes_version,
            isolated_ranges=isolated_ranges,
            definitions=generated_definitions(),
        ),
        # Pods get credentials only if the association is there before them; and Karpenter asks DNS.
        ResourceOptions.merge(opts, ResourceOptions(depends_on=[estate.elastic_nodes, estate.addons])),
    )
    after = ResourceOptions.merge(opts, ResourceOptions(depends_on=[karpenter]))
    return {
        name: ElasticPool(f"elastic-{name}", _arguments(settings, estate, account, name, pool), after)
        for name, pool in settings.platform.elastic_pools.items()
    }


def _arguments(
    settings: Settings,
    estate: AwsEstate,
    account: ElasticNodesOutputs,
    name: str,
    pool: ElasticPoolSettings,
) -> ElasticPoolArgs:
    platform = settings.platform
    return ElasticPoolArgs(
        pool=name,
        bottlerocket_version=KUBERNETES_VERSIONS[platform.cluster.kubernetes_version].bottlerocket,
        instance_types=pool.instance_types,
        spot_first=pool.capacity == "spot-first",
        zones=platform.network.zones,
        subnet_ids=estate.network.outputs.private_subnet_ids,
        security_group_id=estate.cluster.outputs.security_group_id,
        instance_profile=account.instance_profile,
        max_nodes=pool.max_nodes,
        vcpus=pool.vcpus_per_node,
        memory_gib=pool.memory_gib_per_node,
        gpus=pool.gpus_per_node,
        volume_gib=pool.volume_gib,
        images_snapshot=pool.images_snapshot,
        volumes_key_arn=estate.keys.outputs.volumes,
        idle_minutes=pool.idle_minutes,
        expire_days=pool.expire_days,
        disrupted_percent=pool.disrupted_percent,
        calm_from_utc=pool.working_hours.starts_utc,
        calm_hours=pool.working_hours.hours,
        tags=pool_tags(platform, name),
    )
