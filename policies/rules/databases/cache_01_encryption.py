"""CACHE-01: caches encrypt what they hold and what they say."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity


def check(cache: Resource, context: Context) -> Iterator[Finding]:
    """TLS and nothing else on the wire; a key of ours on disk and in snapshots."""
    del context
    view = cache.view
    if not view.flag("transitEncryptionEnabled"):
        yield Finding(path="transitEncryptionEnabled", message="clients speak plain text", key="wire")
    elif view.text("transitEncryptionMode", "required") != "required":
        yield Finding(path="transitEncryptionMode", message="clients may speak plain text", key="wire")
    if not view.flag("atRestEncryptionEnabled"):
        yield Finding(path="atRestEncryptionEnabled", message="disks and snapshots are plain", key="rest")
    if not view.named("kmsKeyId"):
        yield Finding(path="kmsKeyId", message="no key of the account's own is named", key="key")


RULE = Rule(
    id="CACHE-01",
    title="Caches take TLS only, and are encrypted with a key of the account's own.",
    severity=Severity.HIGH,
    why="Features and results of all tenants pass the cache; its snapshots outlive it.",
    remediation=(
        "Set transit_encryption_enabled with transit_encryption_mode required, at_rest_encryption_enabled "
        "and kms_key_id."
    ),
    frameworks={
        Framework.HIPAA: ("164.312(a)(2)(iv)", "164.312(e)(1)"),
        Framework.GDPR: ("32",),
        Framework.SOC2: ("C1.1", "CC6.7"),
        Framework.PCI_DSS: ("3.5.1", "4.2.1"),
        Framework.NIST: ("SC-8", "SC-28"),
    },
    equivalents=(
        "CKV_AWS_29",
        "CKV_AWS_30",
        "CKV_AWS_191",
        "FSBP ElastiCache.4",
        "FSBP ElastiCache.5",
        "prowler:elasticache_redis_cluster_in_transit_encryption_enabled",
        "prowler:elasticache_redis_cluster_rest_encryption_enabled",
    ),
    enforcement=ALWAYS,
    types=("aws:elasticache/replicationGroup:ReplicationGroup",),
    check=check,
)
