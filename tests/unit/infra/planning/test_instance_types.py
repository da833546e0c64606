"""Tests of the table of instance types, against a copy of EC2's own record."""

from __future__ import annotations

import datetime
from functools import cache
from typing import Any

import pytest
from moto.ec2.models.instance_types import INSTANCE_TYPES as EC2_RECORD

from infra.planning.capacity import peak_gpus, pool_gpus
from infra.planning.instance_types import AS_OF, CPU_INSTANCE_TYPES, INSTANCE_TYPES, InstanceType


@cache
def _record() -> dict[str, Any]:
    return dict(EC2_RECORD)


@pytest.mark.parametrize("entry", INSTANCE_TYPES.values(), ids=lambda entry: entry.name)
def test_entry_agrees_with_ec2(entry: InstanceType) -> None:
    """CPUs, memory, GPUs and EFA are what DescribeInstanceTypes answered when moto recorded it."""
    record = _record()[entry.name]
    (gpu,) = record["GpuInfo"]["Gpus"]
    assert record["VCpuInfo"]["DefaultVCpus"] == entry.vcpus
    assert record["MemoryInfo"]["SizeInMiB"] == entry.memory_gib * 1024
    assert (gpu["Count"], gpu["Name"], gpu["Manufacturer"]) == (entry.gpu_count, entry.gpu, "NVIDIA")
    assert record["NetworkInfo"]["EfaSupported"] is entry.efa
    assert record["NetworkInfo"].get("EfaInfo", {}).get("MaximumEfaInterfaces", 0) == entry.efa_interfaces


@pytest.mark.parametrize("entry", CPU_INSTANCE_TYPES.values(), ids=lambda entry: entry.name)
def test_entry_without_gpus_agrees_with_ec2(entry: InstanceType) -> None:
    """CPUs and memory; neither GPUs nor adapters."""
    record = _record()[entry.name]
    assert record["VCpuInfo"]["DefaultVCpus"] == entry.vcpus
    assert record["MemoryInfo"]["SizeInMiB"] == entry.memory_gib * 1024
    assert "GpuInfo" not in record
    assert record["ProcessorInfo"]["SupportedArchitectures"] == ["x86_64"]
    assert (entry.gpu_count, entry.efa) == (0, False)


def test_the_table_is_dated() -> None:
    """A reader can tell how old the table is."""
    assert datetime.date.fromisoformat(AS_OF)


def test_gpus_are_counted_per_instance() -> None:
    """Six g6.12xlarge hold 24 GPUs; a run of 2 x 1 beside 20 replicas takes 22."""
    assert pool_gpus("g6.12xlarge", 6) == 24
    assert peak_gpus(training_nodes=2, gpus_per_training_node=1, inference_replicas=20) == 22
