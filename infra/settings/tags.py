"""Tags of what AWS makes by itself for a resource of ours: the provider's default tags do not reach it."""

from __future__ import annotations

from infra.conventions import default_tags
from infra.settings.models import PlatformSettings


def platform_tags(platform: PlatformSettings) -> dict[str, str]:
    """Those of everything."""
    return default_tags(
        environment=platform.environment,
        stack=platform.environment,
        owner=platform.owner,
        cost_center=platform.cost_center,
    )


def pool_tags(platform: PlatformSettings, pool: str) -> dict[str, str]:
    """Those of a pool's nodes, with the tenant whose alone it is."""
    settings = platform.gpu_pools.get(pool) or platform.elastic_pools[pool]
    return platform_tags(platform) | ({"Tenant": settings.tenant} if settings.tenant else {})
