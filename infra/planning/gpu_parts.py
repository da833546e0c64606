"""Parts of GPUs, and what nodes are told about them."""

from __future__ import annotations

from types import MappingProxyType

MIG_PARTS = MappingProxyType({"A100": (2, 3, 7), "H100": (2, 3, 4, 7), "H200": (2, 3, 4, 7)})
"""GPU -> numbers of equal parts that MIG makes of it.

Source: "Supported MIG Profiles", NVIDIA's MIG user guide: 7 x 1g.5gb, 3 x 2g.10gb, 2 x 3g.20gb of an A100.
"""
_MIG_NAMES = MappingProxyType({"A100": "a100.40gb", "H100": "h100.80gb", "H200": "h200.141gb"})
"""GPU -> how Bottlerocket calls it; with the memory that EC2's instances have."""
_PLUGIN = "settings.kubelet-device-plugins.nvidia"


def node_settings(strategy: str, parts: int, gpu: str) -> str:
    """Bottlerocket's settings, as user data, of nodes whose GPUs are divided.

    Parts keep the name `nvidia.com/gpu`. Of time slices a pod gets one at most: several might be of one GPU.
    Source: https://bottlerocket.dev/en/os/latest/api/settings/kubelet-device-plugins/.
    """
    if strategy == "mig":
        return (
            f'[{_PLUGIN}]\ndevice-partitioning-strategy = "mig"\n\n'
            f'[{_PLUGIN}.mig.profile]\n"{_MIG_NAMES[gpu]}" = "{parts}"\n'
        )
    return (
        f'[{_PLUGIN}]\ndevice-sharing-strategy = "time-slicing"\n\n'
        f"[{_PLUGIN}.time-slicing]\nreplicas = {parts}\n"
        "rename-by-default = false\nfail-requests-greater-than-one = true\n"
    )
