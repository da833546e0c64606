"""Instance types that pools may use: a small dated table of what EC2's DescribeInstanceTypes answers."""

from __future__ import annotations

from dataclasses import dataclass

AS_OF = "2026-11-23"
"""The day on which the table was last compared with EC2's record."""


@dataclass(frozen=True, kw_only=True)
class InstanceType:
    """What one instance type offers.

    Args:
        name: EC2's name.
        vcpus: virtual CPUs.
        memory_gib: main memory in GiB.
        gpu_count: GPUs in one instance.
        gpu: NVIDIA's name of the GPU; empty without one.
        efa_interfaces: how many Elastic Fabric Adapters it can have; one on each network card.
    """

    name: str
    vcpus: int
    memory_gib: int
    gpu_count: int
    gpu: str
    efa_interfaces: int

    @property
    def efa(self) -> bool:
        """Whether it can have an Elastic Fabric Adapter."""
        return self.efa_interfaces > 0


def _gpu_type(name: str, vcpus: int, memory_gib: int, gpu_count: int, gpu: str, *, efa: int) -> InstanceType:
    return InstanceType(
        name=name, vcpus=vcpus, memory_gib=memory_gib, gpu_count=gpu_count, gpu=gpu, efa_interfaces=efa
    )


INSTANCE_TYPES = {
    entry.name: entry
    for entry in (
        _gpu_type("g4dn.xlarge", 4, 16, 1, "T4", efa=0),
        _gpu_type("g4dn.12xlarge", 48, 192, 4, "T4", efa=1),
        _gpu_type("g5.xlarge", 4, 16, 1, "A10G", efa=0),
        _gpu_type("g5.12xlarge", 48, 192, 4, "A10G", efa=1),
        _gpu_type("g5.48xlarge", 192, 768, 8, "A10G", efa=1),
        _gpu_type("g6.xlarge", 4, 16, 1, "L4", efa=0),
        _gpu_type("g6.12xlarge", 48, 192, 4, "L4", efa=1),
        _gpu_type("g6.48xlarge", 192, 768, 8, "L4", efa=1),
        _gpu_type("g6e.xlarge", 4, 32, 1, "L40S", efa=0),
        _gpu_type("g6e.12xlarge", 48, 384, 4, "L40S", efa=1),
        _gpu_type("g6e.48xlarge", 192, 1536, 8, "L40S", efa=4),
        _gpu_type("p4d.24xlarge", 96, 1152, 8, "A100", efa=4),
        _gpu_type("p5.48xlarge", 192, 2048, 8, "H100", efa=32),
        _gpu_type("p5en.48xlarge", 192, 2048, 8, "H200", efa=16),
    )
}
"""Those with NVIDIA GPUs."""


def _cpu_type(name: str, vcpus: int) -> InstanceType:
    """A general-purpose type: 4 GiB of memory for each virtual CPU."""
    return InstanceType(name=name, vcpus=vcpus, memory_gib=4 * vcpus, gpu_count=0, gpu="", efa_interfaces=0)


CPU_INSTANCE_TYPES = {
    f"{family}.{size}": _cpu_type(f"{family}.{size}", vcpus)
    for family in ("m6i", "m7a", "m7i")
    for size, vcpus in (("large", 2), ("xlarge", 4), ("2xlarge", 8), ("4xlarge", 16))
}
"""Those without GPUs."""

NODE_TYPES = INSTANCE_TYPES | CPU_INSTANCE_TYPES
"""All of them."""
