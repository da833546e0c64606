"""Puts figures, prices and checks together into one plan."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from infra.planning.cost import LEFT_OUT, CostLine, monthly_cost
from infra.planning.demand import Figures
from infra.planning.estimate import Platform, plan_platform
from infra.planning.prices import PriceTable
from infra.planning.refusals import Refusal, misfits, refusals


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A plan.

    Args:
        platform: what is needed; None if nothing can be sized.
        costs: the monthly bill.
        prices: what it was made with.
        refused: why it should not be created.
    """

    platform: Platform | None
    costs: tuple[CostLine, ...]
    prices: PriceTable
    refused: tuple[Refusal, ...]

    @property
    def monthly_usd(self) -> float:
        """The sum of the bill in USD."""
        return sum(line.monthly_usd for line in self.costs)

    def as_json(self) -> dict[str, Any]:
        """The plan as one JSON document."""
        return {
            "region": self.prices.region,
            "platform": asdict(self.platform) if self.platform else None,
            "monthly_usd": round(self.monthly_usd, 2),
            "costs": [asdict(line) for line in self.costs],
            "left_out": list(LEFT_OUT),
            "prices": {
                "as_of": self.prices.as_of,
                "source": self.prices.source,
                "notes": list(self.prices.notes),
            },
            "refused": [asdict(refusal) for refusal in self.refused],
        }


def make_plan(figures: Figures, prices: PriceTable) -> Plan:
    """Size the platform, price it and check it."""
    unfit = tuple(misfits(figures))
    if unfit:
        return Plan(platform=None, costs=(), prices=prices, refused=unfit)
    platform = plan_platform(figures)
    return Plan(
        platform=platform,
        costs=monthly_cost(platform, figures.account, prices),
        prices=prices,
        refused=refusals(figures, platform, nat_usd_per_gib=prices.rates["nat_gib"]),
    )
