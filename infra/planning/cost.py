"""The monthly price of a platform, each node pool bought in the cheapest way that it can be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infra.planning.demand import AccountFigures
from infra.planning.estimate import HOURS_PER_MONTH, DataStores, NodePool, Platform
from infra.planning.prices import ComputePrice, PriceTable
from infra.planning.streaming import ZONES, Streaming

LEFT_OUT = (
    "the database (Aurora) and its backups",
    "the cache (Valkey)",
    "interface endpoints",
    "transit gateways",
    "audit services (CloudTrail, Config, GuardDuty, Inspector, Security Hub)",
    "the edge (CloudFront, WAF)",
    "serverless streams",
    "load balancers",
    "keys and their use",
    "ingestion of logs and metrics",
    "requests",
    "traffic between zones, between regions and to the internet",
    "copies in a second region",
    "people who open dashboards",
    "support and tax",
)
"""What a platform costs beside the lines of the bill."""
INTERRUPTIONS_PER_MONTH = 0.2
"""How often spot takes an instance away in a month: where the Spot Instance Advisor's worst class begins."""
NODE_DISK_GIB = 204
"""System volume and data volume of a node, as the settings' defaults have it."""


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """How instances are bought.

    Args:
        option: `on demand`, `spot`, `reserved` or `capacity block`.
        usd: what they cost in a month.
        reason: why this option.
    """

    option: str
    usd: float
    reason: str


@dataclass(frozen=True, kw_only=True)
class CostLine:
    """One line of the bill.

    Args:
        item: what is paid for.
        quantity: how much of it, in `unit`.
        unit: e.g. `node hours`.
        monthly_usd: USD a month.
        option: how it is bought.
        reason: why so.
    """

    item: str
    quantity: float
    unit: str
    monthly_usd: float
    option: str = "on demand"
    reason: str = ""


def redone_share(*, nodes: int, loss_hours: float) -> float:
    """Share of a spot run's time that is done again: `nodes x interruptions per hour x hours lost by each`.

    Nodes that train together stop together. Source: the expected loss of a run with faults at a constant
    rate, Young, CACM 17(9), 1974; "AWS Spot Instance Advisor" for the rate.
    """
    return nodes * INTERRUPTIONS_PER_MONTH / HOURS_PER_MONTH * loss_hours


def buy_always_on(nodes: int, price: ComputePrice) -> Purchase:
    """Instances that run all month: committed for a year if that is offered and cheaper.

    Source: EC2's pricing: `nodes x 730 h x price of an hour`, either price.
    """
    on_demand = nodes * HOURS_PER_MONTH * price.on_demand
    reserved = on_demand if price.reserved is None else nodes * HOURS_PER_MONTH * price.reserved
    if reserved < on_demand:
        return Purchase(
            option="reserved", usd=reserved, reason=f"runs all month; on demand {on_demand:,.0f} USD"
        )
    return Purchase(option="on demand", usd=on_demand, reason="no cheaper commitment is offered")


def buy_spot(node_hours: float, price: ComputePrice) -> Purchase:
    """Instances of a pool that takes spot and nothing else: `node hours x price of an hour`.

    Where no price of spot is known, on demand bounds it (EC2's pricing).
    """
    usd = price.on_demand if price.spot is None else price.spot
    return Purchase(option="spot", usd=node_hours * usd, reason="the pool takes spot only")


def buy_burst(pool: NodePool, price: ComputePrice) -> Purchase:
    """Instances that run for some hours: the cheapest of on demand, spot (if interruptible) and reserved.

    A commitment pays all 730 hours, so it wins above `reserved / on demand` of the month (EC2's pricing);
    spot pays for work that is done again (`redone_share`).
    """
    hours, nodes = pool.burst_node_hours, pool.max_nodes - pool.min_nodes
    on_demand = hours * price.on_demand
    if pool.spot:
        return buy_spot(hours, price)
    if pool.capacity_block:
        return Purchase(
            option="capacity block",
            usd=on_demand,
            reason="estimated at on demand; see `aws ec2 describe-capacity-block-offerings`",
        )
    options = {"on demand": on_demand}
    if pool.interruptible and price.spot is not None:
        redone = redone_share(nodes=nodes, loss_hours=pool.interruption_loss_hours)
        options["spot"] = hours * (1 + redone) * price.spot
    if price.reserved is not None:
        options["reserved"] = nodes * HOURS_PER_MONTH * price.reserved
    option = min(options, key=lambda name: options[name])
    others = ", ".join(f"{name} {usd:,.0f}" for name, usd in options.items() if name != option)
    return Purchase(option=option, usd=options[option], reason=f"instead of {others} USD" if others else "")


def monthly_cost(platform: Platform, account: AccountFigures, prices: PriceTable) -> tuple[CostLine, ...]:
    """All lines of the bill: hours x price of an hour, GiB x price of a GiB (the services' price pages)."""
    lines = []
    if platform.streaming:
        lines += _streaming_lines(platform.streaming, prices)
    for pool in platform.pools:
        lines += _pool_lines(pool, prices)
    if platform.data_stores:
        lines += _data_store_lines(platform.data_stores, prices)
    return (*lines, *_storage_lines(platform, prices), *_fixed_lines(platform, account, prices))


def _rated(item: str, quantity: float, unit: str, usd: float) -> CostLine:
    return CostLine(item=item, quantity=quantity, unit=unit, monthly_usd=quantity * usd)


def _streaming_lines(stream: Streaming, prices: PriceTable) -> Iterator[CostLine]:
    yield _rated(
        f"brokers, {stream.broker_type}",
        stream.brokers * HOURS_PER_MONTH,
        "broker hours",
        prices.rates[stream.broker_type],
    )
    yield _rated(
        "broker disks", stream.brokers * stream.storage_gib, "GiB", prices.rates["kafka_storage_gib_month"]
    )


def _pool_lines(pool: NodePool, prices: PriceTable) -> Iterator[CostLine]:
    price = prices.compute[pool.instance_type]
    node_hours = pool.burst_node_hours
    if pool.min_nodes:
        hours = pool.min_nodes * HOURS_PER_MONTH
        steady = buy_spot(hours, price) if pool.spot else buy_always_on(pool.min_nodes, price)
        node_hours += hours
        yield CostLine(
            item=f"{pool.name}, {pool.instance_type}, always",
            quantity=hours,
            unit="node hours",
            monthly_usd=steady.usd,
            option=steady.option,
            reason=steady.reason,
        )
    if pool.burst_node_hours:
        burst = buy_burst(pool, price)
        yield CostLine(
            item=f"{pool.name}, {pool.instance_type}, at times",
            quantity=pool.burst_node_hours,
            unit="node hours",
            monthly_usd=burst.usd,
            option=burst.option,
            reason=burst.reason,
        )
    yield _rated(
        f"{pool.name}, disks",
        NODE_DISK_GIB * node_hours / HOURS_PER_MONTH,
        "GiB",
        prices.rates["ebs_gib_month"],
    )


def _storage_lines(platform: Platform, prices: PriceTable) -> Iterator[CostLine]:
    for item, gib in (("lake", platform.lake_gib), ("checkpoints", platform.checkpoint_gib)):
        if gib:
            yield _rated(item, gib, "GiB", prices.rates["s3_gib_month"])
    for each in platform.filesystems:
        rate = prices.rates[f"fsx_{each.throughput_mbps_per_tib}_gib_month"]
        yield _rated(f"file system of {each.name}", each.capacity_gib, "GiB", rate)


def _data_store_lines(stores: DataStores, prices: PriceTable) -> Iterator[CostLine]:
    yield _rated(
        "database", stores.database_units * HOURS_PER_MONTH, "unit hours", prices.rates["aurora_unit_hour"]
    )
    yield _rated(
        f"cache, {stores.cache_node_type}",
        stores.cache_nodes * HOURS_PER_MONTH,
        "node hours",
        prices.rates[stores.cache_node_type],
    )


def _fixed_lines(platform: Platform, account: AccountFigures, prices: PriceTable) -> Iterator[CostLine]:
    yield _rated("EKS control plane", HOURS_PER_MONTH, "hours", prices.rates["eks_hour"])
    attached = {
        "interface endpoints": (platform.endpoints * ZONES, "endpoint_hour"),
        "transit gateways": (platform.transit_gateways, "transit_gateway_hour"),
    }
    for item, (number, rate) in attached.items():
        if number:
            yield _rated(item, number * HOURS_PER_MONTH, "hours", prices.rates[rate])
    if account.nat_gateways:
        yield _rated(
            "NAT gateways", account.nat_gateways * HOURS_PER_MONTH, "hours", prices.rates["nat_hour"]
        )
        if not account.s3_gateway_endpoint:
            yield _rated("NAT to S3", platform.s3_gib_per_month, "GiB", prices.rates["nat_gib"])
