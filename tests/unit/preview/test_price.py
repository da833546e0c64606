"""Tests of what a stack's settings cost."""

from __future__ import annotations

from typing import Any

import pytest

from groundplan.preview.price import platform_of, price_delta
from infra.planning.prices import offline_prices
from infra.settings import Settings
from tests.unit.infra.recording import dev_config, dev_settings

PRICES = offline_prices("eu-central-1")
G6 = 4.6016 * 1.25
"""USD per hour of dev's g6.12xlarge."""

AMPLE = {"on_demand": {"standard": 1000, "g": 2000}, "spot": {"standard": 1000, "g": 1000}}
SYSTEM = {"instance_type": "m7i.large", "nodes": 2}


def _pool(**purchase: Any) -> dict[str, Any]:
    """The only pool of dev, bought in some way, with a node at least."""
    pool = dev_config()["groundplan:platform"]["gpu_pools"]["gpu"]
    nodes = {"min": 1, "desired": 1, "max": 6}
    return {"gpu": pool | {"zone": "eu-central-1a", "purchase": purchase, "nodes": nodes}}


def _awake(**platform: Any) -> Settings:
    """The dev stack's settings, were the pool awake at all hours."""
    operations = dev_config()["groundplan:platform"]["operations"] | {"working_hours": None}
    return dev_settings(**{"gpu_pools": _pool(), "operations": operations} | platform)


def test_a_reserved_pool_is_paid_for_at_its_largest() -> None:
    """Five more nodes all month than the one that runs: reserved nodes are paid for in any case."""
    delta = price_delta(_awake(), _awake(gpu_pools=_pool(option="reserved")), PRICES)
    [_, disks] = sorted(delta.lines, key=lambda line: "disks" in line[0])
    assert disks[2] == pytest.approx(6 * disks[1])
    nodes = delta.lines[0]
    assert nodes[2] == pytest.approx(6 * nodes[1])
    assert delta.most_before_usd == pytest.approx(delta.most_after_usd)


def test_a_pool_of_spot_costs_what_spot_costs() -> None:
    """One node all month at two fifths of on demand; the most that it may cost is on demand."""
    spot = _awake(gpu_pools=_pool(option="spot"))
    delta = price_delta(_awake(), spot, PRICES)
    [(item, before, after)] = delta.lines
    assert item.startswith("gpu, g6.12xlarge")
    assert before == pytest.approx(730 * G6 * 0.65)
    assert after == pytest.approx(730 * G6 * 0.4)
    assert delta.most_before_usd == pytest.approx(delta.most_after_usd)


@pytest.mark.parametrize(
    ("section", "changes", "item", "usd", "at_most_usd"),
    [
        pytest.param(
            "data_stores",
            {"database": {"instances": 2, "min_capacity": 1, "max_capacity": 8}},
            "database",
            (2 * 1 - 0.5) * 730 * 0.12 * 1.25,
            (2 * 8 - 4) * 730 * 0.12 * 1.25,
            id="a reader, and more for each",
        ),
        pytest.param(
            "data_stores",
            {"cache": {"node_type": "cache.t4g.small", "replicas": 2}},
            "cache, cache.t4g.small",
            2 * 730 * 0.0256 * 1.25,
            2 * 730 * 0.0256 * 1.25,
            id="two replicas",
        ),
        pytest.param(
            "network",
            {"endpoints": ["ecr.api", "ecr.dkr", "sts", "kms"]},
            "interface endpoints",
            3 * 730 * 0.01 * 1.25,
            3 * 730 * 0.01 * 1.25,
            id="an endpoint, in three zones",
        ),
        pytest.param(
            "network",
            {"transit_gateway": {"id": "tgw-0123456789abcdef0", "ranges": ["172.16.0.0/12"]}},
            "transit gateways",
            730 * 0.05 * 1.25,
            730 * 0.05 * 1.25,
            id="a way to other networks",
        ),
    ],
)
def test_what_stands_all_month_is_paid_for(
    section: str, changes: dict[str, Any], item: str, usd: float, at_most_usd: float
) -> None:
    """Database, cache, endpoints and gateways cost by the hour; only the database grows under load."""
    before = dev_config()["groundplan:platform"][section]
    delta = price_delta(_awake(), _awake(**{section: before | changes}), PRICES)
    [(found, was, now)] = delta.lines
    assert found == item
    assert now - was == pytest.approx(usd)
    assert delta.most_after_usd - delta.most_before_usd == pytest.approx(at_most_usd)


def test_an_elastic_pool_costs_nothing_until_it_grows_and_at_most_its_dearest_type() -> None:
    """Five g6e.12xlarge on demand all month, with their disks; while nothing waits, nothing."""
    pool = {"instance_types": ["g6.12xlarge", "g6e.12xlarge"], "capacity": "spot-first", "max_nodes": 5}
    plain = _awake(account_quotas=AMPLE)
    delta = price_delta(plain, _awake(elastic_pools={"spot": pool}, account_quotas=AMPLE), PRICES)
    assert delta.before_usd == pytest.approx(delta.after_usd)
    disks = 5 * 204 * 0.08 * 1.25
    assert delta.most_after_usd - delta.most_before_usd == pytest.approx(5 * 730 * 10.49264 * 1.25 + disks)


def test_an_elastic_pool_has_at_least_the_nodes_of_its_model_servers() -> None:
    """Fewest replicas are two: on nodes with one GPU two nodes, on nodes with four one."""
    bills = {}
    for instance_type in ("g6.xlarge", "g6.12xlarge"):
        pool = {"instance_types": [instance_type], "max_nodes": 24}
        tenants = dev_config()["groundplan:platform"]["tenants"]
        tenants["vision"]["pool"] = "serving"
        settings = _awake(elastic_pools={"serving": pool}, account_quotas=AMPLE, tenants=tenants)
        (found,) = [each for each in platform_of(settings, PRICES).pools if each.name == "serving"]
        bills[instance_type] = found.min_nodes
    assert bills == {"g6.xlarge": 2, "g6.12xlarge": 1}


@pytest.mark.parametrize(("option", "share"), [("on-demand", 1), ("spot", 0.4)])
def test_a_pool_that_sleeps_is_paid_for_while_it_is_awake(option: str, share: float) -> None:
    """One node for thirteen hours of five days a week, instead of all month; at most six of them."""
    hours = 13 * 5 / 7 * 730 / 24
    pool = _pool(option=option)
    pool["gpu"]["nodes"]["min"] = 0
    delta = price_delta(_awake(), dev_settings(gpu_pools=pool), PRICES)
    bill = {line.item: line for line in delta.after}
    nodes = bill["gpu, g6.12xlarge, at times"]
    assert (nodes.quantity, nodes.monthly_usd) == (
        pytest.approx(hours),
        pytest.approx(hours * G6 * share),
    )
    disk = 204 * 0.08 * 1.25 / 730
    assert bill["gpu, disks"].monthly_usd == pytest.approx(hours * disk)
    fewer_hours = 6 * (730 - hours)
    assert delta.most_before_usd - delta.most_after_usd == pytest.approx(fewer_hours * (G6 + disk))


def test_the_system_pool_is_on_the_bill() -> None:
    """Two more m7i.large all month, committed for a year."""
    delta = price_delta(_awake(), _awake(system_pool=SYSTEM | {"nodes": 4}), PRICES)
    [always] = [line for line in delta.lines if "disks" not in line[0]]
    assert always[0].startswith("system, m7i.large")
    assert always[2] - always[1] == pytest.approx(2 * 730 * 0.1008 * 1.25 * 0.65)


def test_a_file_system_is_on_the_bill() -> None:
    """1,200 GiB at the slowest: 217.50 USD a month."""
    tenants = dev_config()["groundplan:platform"]["tenants"]
    tenants["vision"]["training"]["filesystem"] = {}
    before = _awake()
    delta = price_delta(before, _awake(tenants=tenants), PRICES)
    assert delta.lines == (("file system of vision", 0, pytest.approx(217.5)),)
