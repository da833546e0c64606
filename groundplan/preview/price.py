"""What a month costs by a stack's settings: at its smallest and at its largest.

The bill is that of `groundplan plan`, for what the settings name: node pools, brokers, database, cache,
endpoints, NAT gateways, control plane. What depends on use (objects, requests, log volume, serverless
streams, data transfer) is not in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from infra.conventions import SYSTEM_POOL
from infra.planning.cost import CostLine, monthly_cost
from infra.planning.demand import AccountFigures
from infra.planning.estimate import HOURS_PER_MONTH, DataStores, Filesystem, NodePool, Platform
from infra.planning.instance_types import INSTANCE_TYPES
from infra.planning.prices import ON_DEMAND_USD_PER_HOUR, PriceTable
from infra.planning.streaming import ZONES, Streaming
from infra.settings import Settings

LEFT_OUT = (
    "storage in the lake and of the database, requests, logs, metrics, serverless streams, audit services, "
    "the edge, keys, the second region, data transfer"
)


@dataclass(frozen=True, kw_only=True)
class PriceDelta:
    """Price of a month before and after.

    Args:
        before: lines at the smallest size, by the base's settings.
        after: the same, by the head's settings.
        most_before_usd: all pools as long as they may run, on demand, and the database, at their largest
            size, by the base's settings.
        most_after_usd: the same, by the head's settings.
        as_of: day of the prices.
        source: where they come from.
        unpriced: what has no price in the table.
    """

    before: tuple[CostLine, ...]
    after: tuple[CostLine, ...]
    most_before_usd: float
    most_after_usd: float
    as_of: str
    source: str
    unpriced: tuple[str, ...] = ()

    @property
    def before_usd(self) -> float:
        """The smallest size, before."""
        return sum(line.monthly_usd for line in self.before)

    @property
    def after_usd(self) -> float:
        """The smallest size, after."""
        return sum(line.monthly_usd for line in self.after)

    @property
    def changed(self) -> bool:
        """Whether any line or the largest size costs something else."""
        return self.lines != () or round(self.most_before_usd) != round(self.most_after_usd)

    @property
    def lines(self) -> tuple[tuple[str, float, float], ...]:
        """Item, USD before and USD after of each line that differs."""
        before = {line.item: line.monthly_usd for line in self.before}
        after = {line.item: line.monthly_usd for line in self.after}
        items = dict.fromkeys((*before, *after))
        pairs = ((item, before.get(item, 0.0), after.get(item, 0.0)) for item in items)
        return tuple(pair for pair in pairs if round(pair[1]) != round(pair[2]))


def price_delta(before: Settings, after: Settings, prices: PriceTable) -> PriceDelta:
    """Price both settings with the same table."""
    unpriced = sorted({*_unpriced(before, prices), *_unpriced(after, prices)})
    return PriceDelta(
        before=_bill(before, prices),
        after=_bill(after, prices),
        most_before_usd=_most(before, prices),
        most_after_usd=_most(after, prices),
        as_of=prices.as_of,
        source=prices.source,
        unpriced=tuple(unpriced),
    )


def platform_of(settings: Settings, prices: PriceTable) -> Platform:
    """What the settings name, as a plan has it."""
    streaming = settings.platform.streaming
    brokers = streaming.brokers
    return Platform(
        streaming=Streaming(
            broker_type=brokers.instance_type,
            brokers=ZONES * brokers.per_zone,
            partitions=brokers.partitions,
            storage_gib=brokers.volume_gib,
            peak_mb_per_s=0,
        )
        if streaming.form == "provisioned"
        else None,
        ingest_pods=0,
        lake_gib=0,
        checkpoint_gib=0,
        pools=_pools(settings, prices),
        s3_gib_per_month=0,
        filesystems=_filesystems(settings),
        data_stores=_data_stores(settings, settings.platform.data_stores.database.min_capacity),
        endpoints=_endpoints(settings),
        transit_gateways=1 if settings.platform.network.transit_gateway else 0,
    )


def _endpoints(settings: Settings) -> int:
    """Those of the network, and Grafana's own, which it answers through."""
    platform = settings.platform
    return len(platform.network.endpoints) + (1 if platform.operations.dashboards else 0)


def _data_stores(settings: Settings, units_each: float) -> DataStores:
    """With so many capacity units for each instance of the database."""
    stores = settings.platform.data_stores
    return DataStores(
        database_units=stores.database.instances * units_each,
        cache_node_type=stores.cache.node_type,
        cache_nodes=1 + stores.cache.replicas,
    )


def _filesystems(settings: Settings) -> tuple[Filesystem, ...]:
    return tuple(
        Filesystem(
            name=name,
            capacity_gib=wanted.capacity_gib,
            throughput_mbps_per_tib=wanted.throughput_mbps_per_tib,
        )
        for name, tenant in settings.platform.tenants.items()
        if (wanted := tenant.training.filesystem)
    )


def _all_pools(settings: Settings) -> tuple[NodePool, ...]:
    return (_system_pool(settings), *_gpu_pools(settings), *_elastic_pools(settings))


def _pools(settings: Settings, prices: PriceTable) -> tuple[NodePool, ...]:
    return tuple(pool for pool in _all_pools(settings) if pool.instance_type in prices.compute)


def _system_pool(settings: Settings) -> NodePool:
    system = settings.platform.system_pool
    return NodePool(
        name=SYSTEM_POOL,
        instance_type=system.instance_type,
        min_nodes=system.nodes,
        max_nodes=system.nodes,
        burst_node_hours=0,
        gpus=0,
        pods=0,
    )


def _elastic_pools(settings: Settings) -> tuple[NodePool, ...]:
    """Nodes for the fewest replicas of the model servers there; at most, all of them. Of the dearest type."""
    return tuple(
        NodePool(
            name=name,
            instance_type=max(pool.instance_types, key=_on_demand_usd),
            min_nodes=_serving_nodes(settings, name, pool.gpus_per_node),
            max_nodes=pool.max_nodes,
            burst_node_hours=0,
            gpus=pool.max_nodes * pool.gpus_per_node,
            pods=0,
            spot=pool.capacity == "spot-first",
        )
        for name, pool in settings.platform.elastic_pools.items()
    )


def _serving_nodes(settings: Settings, pool: str, gpus_per_node: int) -> int:
    """Nodes that model servers keep busy at their fewest: a replica has one GPU."""
    tenants = [tenant for tenant in settings.platform.tenants.values() if tenant.pool == pool]
    replicas = sum(tenant.inference.replicas.min for tenant in tenants)
    return math.ceil(replicas / gpus_per_node) if replicas else 0


def _on_demand_usd(instance_type: str) -> float:
    return ON_DEMAND_USD_PER_HOUR.get(instance_type, 0)


def _gpu_pools(settings: Settings) -> tuple[NodePool, ...]:
    return tuple(
        NodePool(
            name=name,
            instance_type=pool.instance_type,
            # Reserved nodes are paid for whether they run or not.
            min_nodes=pool.nodes.max if pool.purchase.option == "reserved" else pool.nodes.min,
            max_nodes=pool.nodes.max,
            burst_node_hours=pool.nodes.desired * _awake_hours(settings, name),
            gpus=pool.nodes.max * INSTANCE_TYPES[pool.instance_type].gpu_count,
            pods=0,
            capacity_block=pool.purchase.option == "capacity-block",
            spot=pool.purchase.option == "spot",
        )
        for name, pool in settings.platform.gpu_pools.items()
    )


def _awake_hours(settings: Settings, pool: str) -> float:
    """Hours of a month in which a pool that sleeps at night is awake; 0 of one that does not sleep."""
    working = settings.platform.operations.working_hours
    return working.hours.share * HOURS_PER_MONTH if working and pool in working.pools else 0


def _account(settings: Settings) -> AccountFigures:
    per_zone = settings.platform.network.nat_gateways == "one-per-zone"
    return AccountFigures(nat_gateways=ZONES if per_zone else 1)


def _bill(settings: Settings, prices: PriceTable) -> tuple[CostLine, ...]:
    return monthly_cost(platform_of(settings, prices), _account(settings), prices)


def _most(settings: Settings, prices: PriceTable) -> float:
    """The bill with all pools and the database at their largest, on demand: the most that settings allow."""
    on_demand = {name: replace(price, reserved=None) for name, price in prices.compute.items()}
    table = replace(prices, compute=on_demand)
    platform = platform_of(settings, table)
    pools = tuple(_largest(pool, _awake_hours(settings, pool.name)) for pool in platform.pools)
    under_load = _data_stores(settings, settings.platform.data_stores.database.max_capacity)
    largest = replace(platform, pools=pools, data_stores=under_load)
    lines = monthly_cost(largest, _account(settings), table)
    return sum(line.monthly_usd for line in lines)


def _largest(pool: NodePool, awake_hours: float) -> NodePool:
    """On demand: all month, or as long as the pool is awake."""
    if awake_hours:
        return replace(pool, burst_node_hours=pool.max_nodes * awake_hours, spot=False)
    return replace(pool, min_nodes=pool.max_nodes, spot=False)


def _unpriced(settings: Settings, prices: PriceTable) -> set[str]:
    return {pool.instance_type for pool in _all_pools(settings)} - set(prices.compute)
