"""Settings of how the nodes of a pool are bought."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from infra.settings import checks
from infra.settings.base import SettingsModel
from infra.settings.types import InstanceTypeName


class CapacityBlockSettings(SettingsModel):
    """A Capacity Block for ML. It is bought beforehand: `aws ec2 purchase-capacity-block`."""

    reservation_id: Annotated[str, Field(pattern=r"^cr-[0-9a-f]{8,17}$")]
    """Id of the capacity reservation that came of it."""
    starts: AwareDatetime
    """Start of the block, in quotes, e.g. "2027-03-01T11:30:00Z"."""
    ends: AwareDatetime
    """End of the block. EC2 takes its nodes away 30 minutes before; they are drained 10 minutes earlier."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        checks.block_in_order(self.starts, self.ends)
        return self


class PurchaseSettings(SettingsModel):
    """How the nodes of a pool are bought."""

    option: Literal["on-demand", "spot", "reserved", "capacity-block"] = "on-demand"
    """`on-demand`: while EC2 has some; `spot`: cheap, and taken away at two minutes' notice; `reserved`: the
    largest size of the pool is kept free for it, and paid for, from its creation on; `capacity-block`: bought
    for some days beforehand."""
    fallback_types: Annotated[tuple[InstanceTypeName, ...], Field(max_length=19)] = ()
    """Types to take instead while spot has none of `instance_type`; each with as many GPUs."""
    capacity_block: CapacityBlockSettings | None = None
    """The block of a pool that is bought so."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        checks.purchase_complete(
            self.option, falls_back=bool(self.fallback_types), has_block=self.capacity_block is not None
        )
        checks.named_once("fallback_types", self.fallback_types)
        return self
