"""Settings of what a model is and has to do, and GPUs that it does not need."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from infra.planning.capacity import cpu_sized_vcpus
from infra.settings.base import SettingsModel
from infra.settings.types import refusal


class PeakSettings(SettingsModel):
    """The busiest second of a model server, all replicas together."""

    parameters: Annotated[int, Field(ge=1, le=10**13)]
    """Parameters of the model."""
    unit: Literal["tokens", "rows"]
    """What is counted. Of images and sound the parameters do not tell the work."""
    per_second: Annotated[float, Field(gt=0, le=100_000_000)]
    """Units per second."""


def check_peak(tenant: str, peak: PeakSettings | None, pool: str, *, parts: int) -> None:
    """Refuse whole GPUs for a model that one m7i.2xlarge serves at its peak (see `cpu_sized_vcpus`).

    Args:
        tenant: whose model it is.
        peak: what it has to do; None if that is not said.
        pool: where its model server runs.
        parts: into how many each GPU of the pool is divided.
    """
    if peak is None or parts > 1:
        return
    vcpus = cpu_sized_vcpus(parameters=peak.parameters, units_per_second=peak.per_second)
    if vcpus is not None:
        raise refusal(
            f"{peak.parameters:,} parameters at {peak.per_second:,.0f} {peak.unit}/s are work for {vcpus} "
            f"virtual CPUs, and each replica has a whole GPU of pool {pool}",
            allowed="a pool of `gpu_pools` with `sharing`, or a higher peak",
            key=("platform", "tenants", tenant, "inference", "peak"),
        )
