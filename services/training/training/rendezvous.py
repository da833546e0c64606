"""torchrun's c10d rendezvous, also where PyTorch lacks libuv (Debian's does): its own factory fails there."""

from __future__ import annotations

import os
from datetime import timedelta

import torch.distributed as dist
from torch.distributed.elastic.rendezvous import (
    RendezvousConnectionError,
    RendezvousHandler,
    RendezvousParameters,
    rendezvous_handler_registry,
)
from torch.distributed.elastic.rendezvous.c10d_rendezvous_backend import C10dRendezvousBackend
from torch.distributed.elastic.rendezvous.dynamic_rendezvous import create_handler
from torch.distributed.elastic.rendezvous.utils import parse_rendezvous_endpoint

BACKEND = "groundplan"


def prepare() -> None:
    """Make `BACKEND` known to torchrun, and let this process and its workers use a store that exists here."""
    if not _has_libuv():
        os.environ["USE_LIBUV"] = "0"
    # Each round of the rendezvous names its own leader, so a replaced pod finds it.
    os.environ["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] = "1"
    rendezvous_handler_registry.register(BACKEND, _create)


class _Backend(C10dRendezvousBackend):
    """The c10d backend under the name it is registered by."""

    @property
    def name(self) -> str:
        """Return the name that the launch configuration asks for."""
        return BACKEND


def _create(parameters: RendezvousParameters) -> RendezvousHandler:
    host, port = parse_rendezvous_endpoint(parameters.endpoint, default_port=-1)
    try:
        store = dist.TCPStore(
            host,
            port,
            is_master=bool(parameters.get_as_bool("is_host")),
            multi_tenant=True,
            timeout=timedelta(seconds=parameters.get_as_int("read_timeout", 60) or 60),
            use_libuv=os.environ.get("USE_LIBUV", "1") == "1",
        )
    except (ValueError, RuntimeError) as error:
        raise RendezvousConnectionError(f"No rendezvous at {host}:{port}: {error}") from error
    return create_handler(store, _Backend(store, parameters.run_id), parameters)


def _has_libuv() -> bool:
    try:
        dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False, use_libuv=True)
    except RuntimeError:
        return False
    return True
