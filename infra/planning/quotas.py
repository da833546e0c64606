"""EC2's quotas of running instances: what pools can become, against what the account may run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from infra.planning.instance_types import NODE_TYPES

Family = Literal["standard", "g", "p", "p5"]
Market = Literal["on_demand", "spot"]


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What a pool takes of the quotas when it is as large as it can be.

    Args:
        pool: its name, for people.
        instance_types: of which it may consist.
        nodes: at most.
        markets: those in which its nodes may be bought. Each may have to bear all of them.
    """

    pool: str
    instance_types: tuple[str, ...]
    nodes: int
    markets: tuple[Market, ...]

    def vcpus(self, market: Market, family: Family) -> int:
        """Virtual CPUs of a family at most: all nodes may be of its largest type."""
        sizes = [NODE_TYPES[name].vcpus for name in self.instance_types if family_of(name, market) == family]
        return max(sizes, default=0) * self.nodes


def family_of(instance_type: str, market: Market) -> Family:
    """Which quota counts a type: G (with VT), P, or the standard one (A, C, D, H, I, M, R, T and Z).

    On spot, P5 has a quota of its own, and P is the older ones. EC2 counts virtual CPUs, on demand and spot
    apart. Source: "Amazon EC2 instance quotas", EC2's user guide.
    """
    if market == "spot" and instance_type.startswith("p5"):
        return "p5"
    letter = instance_type[0]
    return "g" if letter == "g" else "p" if letter == "p" else "standard"


def needed(demands: Iterable[Demand], market: Market, family: Family) -> tuple[int, tuple[str, ...]]:
    """Virtual CPUs that pools need together at most of one quota, and which pools they are."""
    found = {
        demand.pool: vcpus
        for demand in demands
        if market in demand.markets and (vcpus := demand.vcpus(market, family))
    }
    return sum(found.values()), tuple(found)
