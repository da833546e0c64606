"""CACHE-03: caches survive a zone, and get fixes."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import IN_PROD, Context, Finding, Framework, Rule, Severity


def check(cache: Resource, context: Context) -> Iterator[Finding]:
    """A replica in another zone takes over; snapshots are kept; AWS raises the minor version."""
    del context
    view = cache.view
    for path in ("automaticFailoverEnabled", "multiAzEnabled"):
        if not view.flag(path):
            yield Finding(path=path, message="is gone when its zone is", key=path)
    if view.number("snapshotRetentionLimit") < 1:
        yield Finding(path="snapshotRetentionLimit", message="keeps no snapshot", key="snapshots")
    if not view.flag("autoMinorVersionUpgrade", default=True):
        yield Finding(path="autoMinorVersionUpgrade", message="gets no fixes", key="version")


RULE = Rule(
    id="CACHE-03",
    title="Caches stand in two zones, keep snapshots and get fixes.",
    severity=Severity.MEDIUM,
    why="Serving asks the cache for features: without them there are no predictions.",
    remediation="Set replicas to 1 or more and snapshot_days; leave auto_minor_version_upgrade on.",
    frameworks={
        Framework.HIPAA: ("164.308(a)(7)(ii)(B)",),
        Framework.SOC2: ("A1.2",),
        Framework.PCI_DSS: ("6.3.3",),
        Framework.NIST: ("CP-9", "CP-10", "SI-2"),
    },
    equivalents=(
        "CKV_AWS_134",
        "CKV_AWS_322",
        "CKV2_AWS_50",
        "FSBP ElastiCache.1",
        "FSBP ElastiCache.2",
        "FSBP ElastiCache.3",
        "prowler:elasticache_redis_cluster_automatic_failover_enabled",
        "prowler:elasticache_redis_cluster_multi_az_enabled",
        "prowler:elasticache_redis_cluster_auto_minor_version_upgrades",
    ),
    enforcement=IN_PROD,
    types=("aws:elasticache/replicationGroup:ReplicationGroup",),
    check=check,
)
