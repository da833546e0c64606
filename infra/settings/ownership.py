"""Pools of nodes that are one tenant's alone."""

from __future__ import annotations

from collections.abc import Mapping

from infra.settings.types import nearest, refusal


def check_owners(kind: str, owners: Mapping[str, str | None], users: Mapping[str, set[str]]) -> None:
    """Refuse a pool of a tenant that is not there, and pods of others on it.

    Args:
        kind: the key that holds the pools, e.g. `gpu_pools`.
        owners: by pool, the tenant whose alone it is.
        users: by tenant, all pools that its pods run on.
    """
    for pool, owner in owners.items():
        if owner is None:
            continue
        key = ("platform", kind, pool, "tenant")
        if owner not in users:
            raise refusal("there is no tenant of this name", allowed=nearest(owner, tuple(users)), key=key)
        others = sorted(name for name, pools in users.items() if pool in pools and name != owner)
        if others:
            raise refusal(
                f"pods of {', '.join(others)} run on it, too",
                allowed="no `tenant`, or another pool for the others",
                key=key,
            )
