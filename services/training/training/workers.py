"""The process group: who this worker is, on which device it computes, and how it fails."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist


@dataclass(frozen=True, kw_only=True)
class Place:
    """A worker's place: `rank` of `world_size` workers, computing on `device`."""

    rank: int
    world_size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Tell whether this worker writes what the run leaves behind."""
        return self.rank == 0

    def from_leader(self, value: Any) -> Any:
        """Return the leader's `value` on every worker."""
        box = [value]
        dist.broadcast_object_list(box, src=0, device=self.device)
        return box[0]

    def gathered(self, value: Any) -> list[Any]:
        """Return the `value` of every worker, by rank, on every worker."""
        values: list[Any] = [None] * self.world_size
        dist.all_gather_object(values, value)
        return values


@contextmanager
def joined(collective_timeout_s: int) -> Generator[Place]:
    """Join the group that torchrun describes in the environment: nccl where there is CUDA, else gloo.

    Args:
        collective_timeout_s: a collective that takes longer fails; peers that die are noticed at once.
    """
    cuda = torch.cuda.is_available()
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if cuda else torch.device("cpu")
    if cuda:
        torch.cuda.set_device(device)
    timeout = timedelta(seconds=collective_timeout_s)
    dist.init_process_group("nccl" if cuda else "gloo", timeout=timeout, device_id=device if cuda else None)
    try:
        yield Place(rank=dist.get_rank(), world_size=dist.get_world_size(), device=device)
    finally:
        dist.destroy_process_group()


def make_repeatable() -> None:
    """Let equal seeds give equal weights: fixed algorithms and, on CPU, one thread, which fixes sums."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(1)
    # The same as use_deterministic_algorithms(True), without its import of the compiler (5 s).
    torch.set_deterministic_debug_mode("error")
    torch.backends.cudnn.benchmark = False
