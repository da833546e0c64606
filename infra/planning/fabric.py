"""Elastic Fabric Adapters: which pods get how many, and what their nodes are told."""

from __future__ import annotations

from infra.planning.instance_types import INSTANCE_TYPES

_LOCKED_MEMORY = "settings.oci-defaults.resource-limits.max-locked-memory"
NODE_SETTINGS = (
    f'[{_LOCKED_MEMORY}]\nhard-limit = "unlimited"\nsoft-limit = "unlimited"\n\n'
    '[settings.kernel.sysctl]\n"vm/nr_hugepages" = "0"\n'
)
"""Bottlerocket's settings, as user data, of nodes with EFA: adapters read memory that is locked in its place.

A limit of the node and no right of the pod: to the unprivileged user of a restricted pod an added `IPC_LOCK`
gives nothing. Bottlerocket would set 110 huge pages for each virtual CPU aside, on a p5.48xlarge 41 GiB, and
no pod asks for them. Sources: https://bottlerocket.dev/en/os/latest/api/settings/oci-defaults/, pull request
140 of bottlerocket-core-kit.
"""


def interfaces_for(instance_type: str, gpus: int) -> int | None:
    """Adapters of a pod: the share of its GPUs. None where that is no whole number of them.

    On a p5.48xlarge four adapters are behind one PCIe root with each GPU ("Manage EFA devices on Amazon EKS",
    EKS' user guide).

    Args:
        instance_type: a type with GPUs.
        gpus: GPUs of the pod.
    """
    node = INSTANCE_TYPES[instance_type]
    share, rest = divmod(node.efa_interfaces * gpus, node.gpu_count)
    return None if rest else share
