"""Tests of prices and of how nodes are bought, against numbers computed by hand."""

from __future__ import annotations

import datetime
import json
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from infra.planning.cost import buy_always_on, buy_burst, buy_spot, monthly_cost, redone_share
from infra.planning.demand import AccountFigures
from infra.planning.estimate import Filesystem, NodePool, Platform
from infra.planning.instance_types import NODE_TYPES
from infra.planning.price_api import RATE_QUERIES, fetch_prices
from infra.planning.prices import (
    AS_OF,
    NO_DAY,
    ON_DEMAND_USD_PER_HOUR,
    RATES,
    ComputePrice,
    PriceTable,
    offline_prices,
)
from infra.planning.streaming import Streaming
from infra.settings.base import SettingsModel
from infra.settings.data_stores import CacheSettings
from infra.settings.filesystem import FilesystemSettings
from infra.settings.streaming import BrokerSettings

PRICE = ComputePrice(on_demand=10, spot=4, reserved=6)


def _pool(**changes: Any) -> NodePool:
    values: dict[str, Any] = {
        "name": "vision-training",
        "instance_type": "g6.xlarge",
        "min_nodes": 0,
        "max_nodes": 2,
        "burst_node_hours": 100,
        "gpus": 2,
        "pods": 2,
    }
    return NodePool(**{**values, **changes})


def test_redone_work() -> None:
    """Two nodes x 0.2 a month / 730 h x 0.5 h."""
    assert redone_share(nodes=2, loss_hours=0.5) == pytest.approx(0.000274, abs=1e-6)


def test_always_on_is_committed_if_cheaper() -> None:
    """Two nodes x 730 h: 8,760 USD committed, 14,600 on demand."""
    committed = buy_always_on(2, PRICE)
    assert (committed.option, committed.usd) == ("reserved", 8760)
    without = buy_always_on(2, ComputePrice(on_demand=10, spot=None, reserved=None))
    assert (without.option, without.usd) == ("on demand", 14_600)


def test_a_pool_of_spot_is_priced_as_spot() -> None:
    """Two nodes x 730 h: 5,840 USD; without a price of spot, on demand bounds it: 14,600."""
    assert (buy_spot(1460, PRICE).option, buy_spot(1460, PRICE).usd) == ("spot", 5840)
    assert buy_spot(1460, ComputePrice(on_demand=10, spot=None, reserved=6)).usd == 14_600


def test_spot_only_for_what_may_be_interrupted() -> None:
    """100 h: 1,000 USD on demand; 400 and 0.03 % redone as spot."""
    assert buy_burst(_pool(), PRICE).option == "on demand"
    spot = buy_burst(_pool(interruptible=True, interruption_loss_hours=0.5), PRICE)
    assert spot.option == "spot"
    assert spot.usd == pytest.approx(400.11, abs=0.01)
    assert "on demand 1,000" in spot.reason


@pytest.mark.parametrize(("hours", "option"), [(875, "on demand"), (877, "reserved")])
def test_commitment_wins_above_its_share_of_the_month(hours: float, option: str) -> None:
    """Two committed nodes cost 8,760 USD: the price of 876 hours on demand, 60 % of the month."""
    assert buy_burst(_pool(burst_node_hours=hours), PRICE).option == option


def test_capacity_block_is_named() -> None:
    """Its price is an offer of the day."""
    bought = buy_burst(_pool(capacity_block=True, interruptible=True), PRICE)
    assert (bought.option, bought.usd) == ("capacity block", 1000)
    assert "describe-capacity-block-offerings" in bought.reason


def test_monthly_bill() -> None:
    """Each line is quantity x price."""
    platform = Platform(
        streaming=Streaming(
            broker_type="kafka.m7g.large", brokers=3, partitions=3, storage_gib=100, peak_mb_per_s=1
        ),
        ingest_pods=1,
        lake_gib=1000,
        checkpoint_gib=0,
        pools=(_pool(min_nodes=1, burst_node_hours=73),),
        s3_gib_per_month=200,
    )
    prices = PriceTable(
        region="us-east-1", as_of="2026-01-19", source="test", compute={"g6.xlarge": PRICE}, rates=RATES
    )
    account = AccountFigures(nat_gateways=2, s3_gateway_endpoint=False)
    bill = {line.item: round(line.monthly_usd, 2) for line in monthly_cost(platform, account, prices)}
    assert bill == {
        "brokers, kafka.m7g.large": 446.76,
        "broker disks": 30.0,
        "vision-training, g6.xlarge, always": 4380.0,
        "vision-training, g6.xlarge, at times": 730.0,
        "vision-training, disks": 17.95,
        "lake": 23.0,
        "EKS control plane": 73.0,
        "NAT gateways": 65.7,
        "NAT to S3": 9.0,
    }


def test_offline_table_is_dated_and_complete() -> None:
    """Every type has a price; eu-central-1 is dearer."""
    assert datetime.date.fromisoformat(AS_OF)
    assert set(ON_DEMAND_USD_PER_HOUR) == set(NODE_TYPES)
    assert set(RATE_QUERIES) == set(RATES)
    assert offline_prices("us-east-1").compute["g6.12xlarge"].on_demand == 4.6016
    assert offline_prices("eu-central-1").compute["g6.12xlarge"].on_demand == pytest.approx(5.752)


@pytest.mark.parametrize(
    ("settings", "field", "rate"),
    [
        (BrokerSettings, "instance_type", "{}"),
        (CacheSettings, "node_type", "{}"),
        (FilesystemSettings, "throughput_mbps_per_tib", "fsx_{}_gib_month"),
    ],
)
def test_whatever_a_stack_may_ask_for_has_a_price(
    settings: type[SettingsModel], field: str, rate: str
) -> None:
    """A choice that the table does not know would fail every estimate of that stack."""
    choices = settings.model_json_schema()["properties"][field]["enum"]
    assert {rate.format(choice) for choice in choices} <= set(offline_prices("us-east-1").rates)


def _product(usage: str, usd: str, reserved: str | None = None) -> str:
    def term(price: str, **attributes: str) -> dict[str, Any]:
        tiers = {
            "a": {"beginRange": "51200", "pricePerUnit": {"USD": "0.0001"}},
            "b": {"beginRange": "0", "pricePerUnit": {"USD": price}},
        }
        return {"priceDimensions": tiers, "termAttributes": attributes}

    terms: dict[str, Any] = {"OnDemand": {"x": term(usd)}}
    if reserved:
        kind = {"LeaseContractLength": "1yr", "OfferingClass": "standard"}
        terms["Reserved"] = {
            "y": term("1.0", PurchaseOption="All Upfront", **kind),
            "z": term(reserved, PurchaseOption="No Upfront", **kind),
        }
    return json.dumps({"product": {"attributes": {"usagetype": usage}}, "terms": terms})


def _spot(name: str, zone: str, usd: str) -> dict[str, str]:
    return {"InstanceType": name, "AvailabilityZone": zone, "SpotPrice": usd}


def test_prices_from_aws() -> None:
    """The first tier, a year without upfront payment, the median of the zones; gaps are filled and named."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    pricing = boto3.client("pricing", region_name="us-east-1", **keys)
    ec2 = boto3.client("ec2", region_name="eu-central-1", **keys)
    with Stubber(pricing) as listed, Stubber(ec2) as market:
        history = [
            _spot("g6.xlarge", f"eu-central-1{zone}", usd) for zone, usd in zip("abc", "132", strict=True)
        ]
        market.add_response("describe_spot_price_history", {"SpotPriceHistory": history})
        for name in ON_DEMAND_USD_PER_HOUR:
            found = [] if name == "p5.48xlarge" else [_product(f"EUC1-BoxUsage:{name}", "5.0", "3.0")]
            listed.add_response("get_products", {"PriceList": found})
        for query in RATE_QUERIES.values():
            found = [_product(f"EUC1-x{query.usage}", "9"), _product(f"EUC1-{query.usage}", "0.5")]
            expected = {"ServiceCode": query.service, "Filters": ANY}
            listed.add_response("get_products", {"PriceList": found}, expected)
        table = fetch_prices(
            region="eu-central-1",
            pricing=pricing,
            ec2=ec2,
            now=datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC),
            fallback=offline_prices("eu-central-1"),
        )
        listed.assert_no_pending_responses()
    assert table.as_of == "2026-11-24"
    assert table.compute["g6.xlarge"] == ComputePrice(on_demand=5, spot=2, reserved=3)
    assert table.compute["g5.xlarge"] == ComputePrice(on_demand=5, spot=None, reserved=3)
    assert table.compute["p5.48xlarge"] == offline_prices("eu-central-1").compute["p5.48xlarge"]
    assert {table.rates[name] for name in RATES} == {0.5}
    assert table.rates["fsx_250_gib_month"] == pytest.approx(0.2625), "never asked for: the offline rate"
    assert table.notes == (
        "eu-central-1 lists no price of p5.48xlarge: taken from the offline table.",
        NO_DAY.format("file systems"),
    )


def test_a_file_system_costs_by_its_size_and_its_speed() -> None:
    """4,800 GiB at 0.21 USD: 1,008 USD a month in us-east-1; at 1,000 MB/s and TiB 0.60 USD each."""
    prices = offline_prices("us-east-1")

    def usd(throughput: int) -> float:
        filesystem = Filesystem(name="research", capacity_gib=4800, throughput_mbps_per_tib=throughput)
        platform = Platform(
            streaming=None,
            ingest_pods=0,
            lake_gib=0,
            checkpoint_gib=0,
            pools=(),
            s3_gib_per_month=0,
            filesystems=(filesystem,),
        )
        [line] = [
            line for line in monthly_cost(platform, AccountFigures(), prices) if "file system" in line.item
        ]
        return line.monthly_usd

    assert usd(250) == pytest.approx(1008)
    assert usd(1000) == pytest.approx(2880)
