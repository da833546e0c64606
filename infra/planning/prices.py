"""Prices of what a platform is made from, in US dollars without tax: a small dated table for use offline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

AS_OF = "2026-01-19"
"""Day of EC2's on-demand prices: the table that Karpenter generates from the Price List API
(aws/karpenter-provider-aws, `pkg/providers/pricing/zz_generated.pricing_aws.go`)."""
REGION_FACTORS = {"us-east-1": 1.0, "eu-central-1": 1.25}
"""Prices of a region over those of us-east-1. eu-central-1: 1.25 for three sizes of g6e, 1.19 for i7i
(SkyPilot's catalogue, v8); 1.25 is taken for everything, so that an offline plan errs on the dear side."""
SPOT_SHARE = 0.4
"""Spot price over on-demand price: an assumption. g6e in eu-central-1 was between 0.29 and 0.64, by size and
zone, mostly below 0.5 (SkyPilot's catalogue, v8)."""
RESERVED_SHARE = 0.65
"""Price for a year's commitment without upfront payment over on-demand price: an assumption. Use
`--refresh-prices` before anything is signed."""


@dataclass(frozen=True, kw_only=True)
class ComputePrice:
    """Prices of an instance in USD per hour.

    Args:
        on_demand: without commitment.
        spot: for capacity that can be taken away; None if unknown.
        reserved: for one year, nothing upfront; None if there is no such offer.
    """

    on_demand: float
    spot: float | None
    reserved: float | None


@dataclass(frozen=True, kw_only=True)
class PriceTable:
    """Prices of a region.

    Args:
        region: AWS region.
        as_of: day of EC2's prices, e.g. `2026-01-19`; what has another day, or none, is in the notes.
        source: where they come from.
        compute: by EC2 instance type.
        rates: by name, e.g. `s3_gib_month`.
        notes: what a reader should know about them.
    """

    region: str
    as_of: str
    source: str
    compute: Mapping[str, ComputePrice]
    rates: Mapping[str, float]
    notes: tuple[str, ...] = ()


NO_DAY = "This day is that of EC2's prices: those of {} are usual list prices without a recorded day."
ON_DEMAND_USD_PER_HOUR = {
    "g4dn.xlarge": 0.526,
    "g4dn.12xlarge": 3.912,
    "g5.xlarge": 1.006,
    "g5.12xlarge": 5.672,
    "g5.48xlarge": 16.288,
    "g6.xlarge": 0.8048,
    "g6.12xlarge": 4.6016,
    "g6.48xlarge": 13.3504,
    "g6e.xlarge": 1.861,
    "g6e.12xlarge": 10.49264,
    "g6e.48xlarge": 30.13118,
    "p4d.24xlarge": 21.957642,
    "p5.48xlarge": 55.04,
    "p5en.48xlarge": 63.296,
    "m6i.large": 0.096,
    "m6i.xlarge": 0.192,
    "m6i.2xlarge": 0.384,
    "m6i.4xlarge": 0.768,
    "m7a.large": 0.11592,
    "m7a.xlarge": 0.23184,
    "m7a.2xlarge": 0.46368,
    "m7a.4xlarge": 0.92736,
    "m7i.large": 0.1008,
    "m7i.xlarge": 0.2016,
    "m7i.2xlarge": 0.4032,
    "m7i.4xlarge": 0.8064,
}
"""EC2, Linux, us-east-1."""

CACHE_USD_PER_HOUR = {
    "cache.t4g.micro": 0.0128,
    "cache.t4g.small": 0.0256,
    "cache.t4g.medium": 0.052,
    "cache.m7g.large": 0.1264,
    "cache.m7g.xlarge": 0.2528,
    "cache.r7g.large": 0.1752,
    "cache.r7g.xlarge": 0.3496,
    "cache.r7g.2xlarge": 0.6984,
    "cache.r7g.4xlarge": 1.3976,
}
"""ElastiCache for Valkey, us-east-1: a fifth below the price of the same node with Redis
(aws.amazon.com/elasticache/pricing)."""

RATES = {
    **CACHE_USD_PER_HOUR,
    "aurora_unit_hour": 0.12,
    "endpoint_hour": 0.01,
    "transit_gateway_hour": 0.05,
    "kafka.t3.small": 0.0456,
    "kafka.m7g.large": 0.204,
    "kafka.m7g.xlarge": 0.408,
    "kafka.m7g.2xlarge": 0.816,
    "kafka.m7g.4xlarge": 1.632,
    "kafka.m7g.8xlarge": 3.264,
    "kafka_storage_gib_month": 0.10,
    "s3_gib_month": 0.023,
    "ebs_gib_month": 0.08,
    "eks_hour": 0.10,
    "nat_hour": 0.045,
    "nat_gib": 0.045,
}
"""Usual list prices in us-east-1, without a recorded day: nodes and hours in USD per hour, storage in USD
per GiB and month, S3 Standard at its first and dearest tier (aws.amazon.com/msk/pricing and so on)."""

OFFLINE_RATES = {
    "fsx_125_gib_month": 0.145,
    "fsx_250_gib_month": 0.21,
    "fsx_500_gib_month": 0.34,
    "fsx_1000_gib_month": 0.6,
}
"""Rates that are never refreshed: FSx for Lustre, persistent on SSD, by its MB/s for each TiB; us-east-1, USD
per GiB and month (aws.amazon.com/fsx/lustre/pricing)."""


def offline_prices(region: str) -> PriceTable:
    """The table that ships, for `region`: us-east-1's prices times the region's factor.

    Raises:
        KeyError: no factor is known for the region.
    """
    factor = REGION_FACTORS[region]
    compute = {
        name: ComputePrice(
            on_demand=usd * factor, spot=usd * factor * SPOT_SHARE, reserved=usd * factor * RESERVED_SHARE
        )
        for name, usd in ON_DEMAND_USD_PER_HOUR.items()
    }
    notes = [f"Assumed: spot at {SPOT_SHARE:.0%}, a year's commitment at {RESERVED_SHARE:.0%} of on demand."]
    notes.append(NO_DAY.format("services other than EC2"))
    if factor != 1:
        notes.append(f"Prices of us-east-1 times {factor}, an upper estimate for {region}.")
    return PriceTable(
        region=region,
        as_of=AS_OF,
        source="offline table",
        compute=compute,
        rates={name: usd * factor for name, usd in (RATES | OFFLINE_RATES).items()},
        notes=tuple(notes),
    )
