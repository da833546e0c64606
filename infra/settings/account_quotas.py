"""EC2's quotas of the account, and the check that no environment can outgrow them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from infra.planning.quotas import Demand, Family, Market, needed
from infra.settings.base import SettingsModel
from infra.settings.types import refusal

Vcpus = Annotated[int, Field(ge=0, le=1_000_000)]

_CODES: Mapping[tuple[Market, Family], str] = MappingProxyType(
    {
        ("on_demand", "standard"): "L-1216C47A",
        ("on_demand", "g"): "L-DB2E81BA",
        ("on_demand", "p"): "L-417A185B",
        ("spot", "standard"): "L-34B43A08",
        ("spot", "g"): "L-3819A6DF",
        ("spot", "p"): "L-7212CCBC",
        ("spot", "p5"): "L-C4BD4855",
    }
)
"""Codes of Service Quotas ("Amazon EC2 endpoints and quotas", AWS' general reference)."""


class VcpuQuotaSettings(SettingsModel):
    """Quotas of one way of buying, in virtual CPUs. What is not given is 0, as in a new account."""

    standard: Vcpus = 0
    """Instances of the families A, C, D, H, I, M, R, T and Z."""
    g: Vcpus = 0
    """Instances of the families G and VT."""
    p: Vcpus = 0
    """Instances of the family P."""


class SpotQuotaSettings(VcpuQuotaSettings):
    """Quotas of spot, where P5 has one of its own."""

    p: Vcpus = 0
    """Instances of the families P2, P3 and P4."""
    p5: Vcpus = 0
    """Instances of the families P5, P5e and P5en."""


class AccountQuotaSettings(SettingsModel):
    """What EC2 lets the account run, as `aws service-quotas list-service-quotas --service-code ec2` says.

    With `request`: what it is to let the account run.
    """

    request: bool = False
    """Ask for these figures, in `recovery.region` as well: true in one stack per account and region. AWS
    decides within minutes or days, and nodes beyond the old quota do not start before. No figure may be less
    than the account has, and no request of somebody else for the same quota may be open."""

    on_demand: VcpuQuotaSettings = VcpuQuotaSettings()
    """The quotas `Running On-Demand ... instances`."""
    spot: SpotQuotaSettings = SpotQuotaSettings()
    """The quotas `All ... Spot Instance Requests`."""


def figures(quotas: AccountQuotaSettings) -> dict[str, int]:
    """Virtual CPUs of each quota that is not 0, by its code."""
    every = {code: getattr(getattr(quotas, market), family) for (market, family), code in _CODES.items()}
    return {code: vcpus for code, vcpus in every.items() if vcpus}


def within_quotas(quotas: AccountQuotaSettings, demands: Sequence[Demand]) -> None:
    """Refuse pools that could need more than a quota: their last nodes would never come."""
    for (market, family), code in _CODES.items():
        granted = getattr(getattr(quotas, market), family)
        vcpus, pools = needed(demands, market, family)
        if vcpus > granted:
            raise refusal(
                f"at their largest, the pools {', '.join(pools)} need {vcpus} virtual CPUs",
                allowed=f"smaller pools, or at least {vcpus} once EC2 grants them: `aws service-quotas "
                f"request-service-quota-increase --service-code ec2 --quota-code {code} "
                f"--desired-value {vcpus}`",
                key=("platform", "account_quotas", market, family),
            )


def quotas_given(quotas: AccountQuotaSettings | None, elastic: Sequence[str]) -> None:
    """Refuse pools that grow by themselves while nobody says what EC2 allows."""
    if elastic and quotas is None:
        raise refusal(
            f"the pools {', '.join(elastic)} grow by themselves, and it is not known what EC2 allows",
            allowed="on_demand and spot, in virtual CPUs: see `aws service-quotas list-service-quotas "
            "--service-code ec2`",
            key=("platform", "account_quotas"),
        )
