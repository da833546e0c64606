"""Settings of GPUs that several pods share, and what cannot be shared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from infra.planning.gpu_parts import MIG_PARTS
from infra.planning.instance_types import INSTANCE_TYPES
from infra.settings.base import SettingsModel
from infra.settings.types import refusal


class GpuSharingSettings(SettingsModel):
    """How each GPU of a pool is divided. Pods then request parts by the same name, `nvidia.com/gpu`."""

    strategy: Literal["mig", "time-slicing"]
    """`mig`: parts of the hardware, with memory and faults of their own (A100, H100, H200); `time-slicing`:
    pods take turns, and share memory: for tenants that trust each other."""
    parts: Annotated[int, Field(ge=2, le=16)]
    """Into how many."""


def check_sharing(
    pool: str, instance_type: str, sharing: GpuSharingSettings, processes: Mapping[str, int], *, efa: bool
) -> None:
    """Refuse what a GPU cannot be divided into, and training over parts of GPUs.

    Args:
        pool: its name.
        instance_type: of its nodes.
        sharing: how it is divided.
        processes: by tenant, how many processes train together.
        efa: whether its nodes have adapters for training together.
    """
    key = ("platform", "gpu_pools", pool, "sharing")
    gpu = INSTANCE_TYPES[instance_type].gpu
    if sharing.strategy == "mig" and sharing.parts not in MIG_PARTS.get(gpu, ()):
        possible = ", ".join(map(str, MIG_PARTS.get(gpu, ())))
        raise refusal(
            f"MIG does not divide the {gpu} of {instance_type} into {sharing.parts}",
            allowed=f"one of {possible}" if possible else f"time-slicing, or GPUs of {', '.join(MIG_PARTS)}",
            key=(*key, "parts"),
        )
    together = [tenant for tenant, count in processes.items() if count > 1]
    if efa or together:
        who = f"tenant {together[0]} trains on several" if together else "the pool has EFA"
        raise refusal(
            f"processes that train together need whole GPUs, and {who}",
            allowed="no sharing, or tenants that train on one GPU, without efa",
            key=key,
        )
