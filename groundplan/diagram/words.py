"""What the picture says of each part of an environment, in a few words."""

from __future__ import annotations

from collections.abc import Iterator

from infra.conventions import LAKE_ZONES, SYSTEM_POOL
from infra.settings import Settings
from infra.settings.models import TenantSettings

_CLASSES = {"STANDARD_IA": "infrequent", "GLACIER_IR": "archive", "DEEP_ARCHIVE": "deep archive"}


def subtitle(settings: Settings) -> str:
    """What kind of environment it is."""
    platform = settings.platform
    protection = "what holds data is protected" if platform.protect_data else "data is not protected"
    return f"{settings.region}  ·  {protection}  ·  {count(len(platform.tenants), 'tenant')}"


def endpoints(settings: Settings) -> str:
    """How AWS is reached from the VPC."""
    services = settings.platform.network.endpoints
    return f"private endpoints of S3 and {count(len(services), 'service')}" if services else "S3 endpoint"


def nat(settings: Settings, index: int) -> str:
    """The way from one zone to the internet."""
    own = index == 0 or settings.platform.network.nat_gateways == "one-per-zone"
    return "NAT gateway" if own else f"through {settings.platform.network.zones[0]}"


def pools(settings: Settings) -> Iterator[tuple[str, str | None]]:
    """Words of each pool of nodes, and its zone if it is in one only."""
    platform = settings.platform
    system = platform.system_pool
    yield f"{SYSTEM_POOL}: {system.nodes} {system.instance_type}", None
    for name, pool in platform.gpu_pools.items():
        nodes = f"{pool.nodes.min} to {pool.nodes.max} {pool.instance_type}"
        yield f"{name}: {nodes}{' EFA' if pool.efa else ''}", pool.zone
    for name, elastic in platform.elastic_pools.items():
        spot = ", spot first" if elastic.capacity == "spot-first" else ""
        yield f"{name}: 0 to {elastic.max_nodes} {elastic.instance_type} or alike by Karpenter{spot}", None


def stores(settings: Settings) -> Iterator[tuple[str, str]]:
    """Name and words of each store in the isolated subnets."""
    platform = settings.platform
    database, cache, stream = platform.data_stores.database, platform.data_stores.cache, platform.streaming
    if stream.form == "serverless":
        yield "MSK", "serverless, TLS and IAM"
    else:
        brokers = stream.brokers
        yield (
            "MSK",
            f"{brokers.per_zone} {brokers.instance_type} a zone, {brokers.volume_gib:,} GiB each,"
            f" Kafka {brokers.kafka_version.removesuffix('.kraft')}",
        )
    capacity = f"{database.min_capacity:g} to {database.max_capacity:g} capacity units"
    yield (
        "Aurora",
        f"PostgreSQL {database.engine_version}, {count(database.instances, 'instance')}, {capacity}",
    )
    replicas = count(cache.replicas, "replica") if cache.replicas else "no replica"
    yield "Valkey", f"{cache.engine_version}, {cache.node_type}, {replicas}"


def lake_zones(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Name, end and moves of each zone of the lake."""
    lake = settings.platform.lake
    for zone in LAKE_ZONES:
        tiers = lake.tiers.get(zone)
        moves = [f"{_CLASSES[kind]} {days} d" for days, kind in (tiers.transitions if tiers else ())]
        end = lake.expiry_days.get(zone)
        yield zone, f"deleted after {end:,} d" if end else "kept", ", ".join(moves) or "stays in standard"


def recovery(settings: Settings) -> tuple[str, str]:
    """What the second region holds."""
    second = settings.platform.recovery
    if second is None:
        return "No second region", "backups and the lake are in one region"
    return f"Second region {second.region}", f"{', '.join(second.zones)}; backups {second.backup_days} d"


def audit(settings: Settings) -> Iterator[str]:
    """What watches, and what is kept of it."""
    audit_settings, operations = settings.platform.audit, settings.platform.operations
    mode = audit_settings.lock_mode.lower()
    yield f"trail locked {audit_settings.lock_days} d ({mode}), kept {audit_settings.keep_days:,} d"
    if audit_settings.account_services:
        yield f"Config {audit_settings.recording.lower()}, GuardDuty, Security Hub,"
        yield "Inspector, Access Analyzer"
    yield f"backups {operations.backup_days} d, locked {operations.backup_lock_days} d"
    yield f"budget {operations.monthly_budget_usd:,} USD a month"


def tenant(settings: TenantSettings) -> Iterator[str]:
    """What a tenant may use."""
    replicas = settings.inference.replicas
    yield f"pool {settings.pool}, {settings.quota.gpus} GPUs"
    place = f", pool {settings.training.pool}" if settings.training.pool else ""
    yield f"trains: {count(settings.training.nodes, 'pod')}{place}"
    yield f"serves with {replicas.min} to {replicas.max}"


def count(number: int, noun: str) -> str:
    """`1 tenant`, `2 tenants`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
