"""Elastic Fabric Adapters: whether pods can talk through them at all, before any waits for another."""

from __future__ import annotations

import ctypes
from pathlib import Path

from groundplan_common.errors import ServiceError, SettingsError

DEVICES = Path("/dev/infiniband")
PLUGIN = "libnccl-net-ofi.so"
"""What `NCCL_NET_PLUGIN=ofi` makes NCCL load: aws-ofi-nccl from 1.15 on."""


def require_fabric(interfaces: int, devices: Path = DEVICES, plugin: str = PLUGIN) -> None:
    """Fail where a run over EFA would never begin.

    Args:
        interfaces: adapters that the pod should have.
        devices: folder of their device files.
        plugin: NCCL's way to them, as the dynamic linker finds it.

    Raises:
        ServiceError: adapters are missing; the next pod may have them, for their driver may have been away.
        SettingsError: the image has no plugin.
    """
    present = len(list(devices.glob("uverbs*")))
    if present < interfaces:
        raise ServiceError(
            f"EFA_INTERFACES={interfaces}: {devices} has {present}. "
            "Allowed: as many as the pod claims of the class efa.networking.k8s.aws."
        )
    try:
        ctypes.CDLL(plugin)
    except OSError as error:
        raise SettingsError(
            f"EFA_INTERFACES={interfaces}: NCCL cannot reach them, {error}. "
            "Allowed: 0, or an image whose base has aws-ofi-nccl, such as AWS' Deep Learning Containers."
        ) from None
