"""Reads prices from AWS: the Price List API for list prices, EC2 for spot. Clients come from boto3."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

from infra.planning.prices import (
    CACHE_USD_PER_HOUR,
    NO_DAY,
    ON_DEMAND_USD_PER_HOUR,
    RATES,
    ComputePrice,
    PriceTable,
)

API_REGION = "us-east-1"
"""The Price List API answers in few regions, for all of them ("Using the Price List Query API")."""
_INSTANCE = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "capacitystatus": "Used",
    "preInstalledSw": "NA",
}


@dataclass(frozen=True, kw_only=True)
class RateQuery:
    """Where a rate is found.

    Args:
        service: service code of the Price List.
        filters: attributes of the product, besides the region.
        usage: usage type without the region's prefix.
    """

    service: str
    filters: Mapping[str, str]
    usage: str


RATE_QUERIES = {
    **{
        name: RateQuery(service="AmazonMSK", filters={}, usage=name.replace("kafka", "Kafka", 1))
        for name in RATES
        if name.startswith("kafka.")
    },
    **{
        name: RateQuery(
            service="AmazonElastiCache", filters={"cacheEngine": "Valkey"}, usage=f"NodeUsage:{name}"
        )
        for name in CACHE_USD_PER_HOUR
    },
    "aurora_unit_hour": RateQuery(
        service="AmazonRDS", filters={"databaseEngine": "Aurora PostgreSQL"}, usage="Aurora:ServerlessV2Usage"
    ),
    "endpoint_hour": RateQuery(service="AmazonVPC", filters={}, usage="VpcEndpoint-Hours"),
    "transit_gateway_hour": RateQuery(
        service="AmazonVPC", filters={"operation": "TransitGatewayVPC"}, usage="TransitGateway-Hours"
    ),
    "kafka_storage_gib_month": RateQuery(service="AmazonMSK", filters={}, usage="Kafka.Storage.GP2"),
    "s3_gib_month": RateQuery(
        service="AmazonS3", filters={"volumeType": "Standard"}, usage="TimedStorage-ByteHrs"
    ),
    "ebs_gib_month": RateQuery(
        service="AmazonEC2", filters={"volumeApiName": "gp3"}, usage="EBS:VolumeUsage.gp3"
    ),
    "eks_hour": RateQuery(service="AmazonEKS", filters={}, usage="AmazonEKS-Hours:perCluster"),
    "nat_hour": RateQuery(
        service="AmazonEC2", filters={"productFamily": "NAT Gateway"}, usage="NatGateway-Hours"
    ),
    "nat_gib": RateQuery(
        service="AmazonEC2", filters={"productFamily": "NAT Gateway"}, usage="NatGateway-Bytes"
    ),
}


def fetch_prices(*, region: str, pricing: Any, ec2: Any, now: datetime, fallback: PriceTable) -> PriceTable:
    """Today's prices of `region`; what AWS does not list keeps the fallback's price, and a note says so.

    Args:
        region: AWS region.
        pricing: boto3 client of the Price List API, in `API_REGION`.
        ec2: boto3 client of EC2 in `region`.
        now: time of the call, with its time zone.
        fallback: the offline table.
    """
    spot = _spot_prices(ec2, now)
    compute, rates, missing = {}, {}, []
    for name in ON_DEMAND_USD_PER_HOUR:
        price = _compute_price(_products(pricing, "AmazonEC2", region, {"instanceType": name, **_INSTANCE}))
        if price is None:
            missing.append(name)
            continue
        compute[name] = ComputePrice(on_demand=price.on_demand, spot=spot.get(name), reserved=price.reserved)
    for name, query in RATE_QUERIES.items():
        usd = _rate(_products(pricing, query.service, region, query.filters), query.usage)
        if usd is None:
            missing.append(name)
        else:
            rates[name] = usd
    taken_over = f"{region} lists no price of {', '.join(missing)}: taken from the offline table."
    notes = (*((taken_over,) if missing else ()), NO_DAY.format("file systems"))
    return PriceTable(
        region=region,
        as_of=now.astimezone(UTC).date().isoformat(),
        source="AWS Price List API",
        compute={**fallback.compute, **compute},
        rates={**fallback.rates, **rates},
        notes=notes,
    )


def _products(
    pricing: Any, service: str, region: str, filters: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    wanted = {"regionCode": region, **filters}
    pages = pricing.get_paginator("get_products").paginate(
        ServiceCode=service,
        Filters=[{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()],
    )
    for page in pages:
        for document in page["PriceList"]:
            yield json.loads(document)


def _compute_price(products: Iterable[dict[str, Any]]) -> ComputePrice | None:
    for product in products:
        on_demand = _first_tier(product["terms"].get("OnDemand", {}))
        if on_demand:
            committed = {
                code: term
                for code, term in product["terms"].get("Reserved", {}).items()
                if _is_year_without_upfront(term["termAttributes"])
            }
            return ComputePrice(on_demand=on_demand, spot=None, reserved=_first_tier(committed))
    return None


def _is_year_without_upfront(attributes: Mapping[str, str]) -> bool:
    return (
        attributes["LeaseContractLength"],
        attributes["PurchaseOption"],
        attributes["OfferingClass"],
    ) == ("1yr", "No Upfront", "standard")


def _rate(products: Iterable[dict[str, Any]], usage: str) -> float | None:
    for product in products:
        found = product["product"]["attributes"]["usagetype"]
        # us-east-1 has no prefix, other regions have one such as EUC1-.
        if found == usage or found.endswith(f"-{usage}"):
            return _first_tier(product["terms"].get("OnDemand", {}))
    return None


def _first_tier(terms: Mapping[str, Any]) -> float | None:
    """USD per unit of the tier that begins at nothing; None without one."""
    for term in terms.values():
        for dimension in term["priceDimensions"].values():
            if float(dimension.get("beginRange", "0")) == 0 and "USD" in dimension["pricePerUnit"]:
                return float(dimension["pricePerUnit"]["USD"])
    return None


def _spot_prices(ec2: Any, now: datetime) -> dict[str, float]:
    """The median over the zones of the spot prices in force."""
    pages = ec2.get_paginator("describe_spot_price_history").paginate(
        InstanceTypes=list(ON_DEMAND_USD_PER_HOUR), ProductDescriptions=["Linux/UNIX"], StartTime=now
    )
    by_type: dict[str, list[float]] = {}
    for page in pages:
        for entry in page["SpotPriceHistory"]:
            by_type.setdefault(entry["InstanceType"], []).append(float(entry["SpotPrice"]))
    return {name: median(found) for name, found in by_type.items()}
