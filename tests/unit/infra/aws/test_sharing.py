"""Tests of GPUs that pods share, and of nodes that have their images before they start."""

from __future__ import annotations

import json
import tomllib
from base64 import b64decode
from functools import cache
from typing import Any

import pytest

from infra.settings import parse_settings
from tests.unit.infra.recording import Recording, dev_config, dev_estate, dev_settings, record, sleepless
from tests.unit.infra.recording import run_program as run

GROUP = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
POOL = "groundplan-dev-gpu"


@cache
def _shared(strategy: str, parts: int, instance_type: str, region: str = "eu-central-1") -> Recording:
    """The dev estate with a shared pool, whose tenant trains on one GPU, in a region that has such GPUs."""
    platform = json.loads(json.dumps(dev_config()["groundplan:platform"]).replace("eu-central-1", region))
    pool = platform["gpu_pools"]["gpu"] | {
        "instance_type": instance_type,
        "sharing": {"strategy": strategy, "parts": parts},
        "images_snapshot": "snap-0123456789abcdef0",
    }
    platform["tenants"]["vision"]["training"]["nodes"] = 1
    platform |= {"gpu_pools": {"gpu": pool}, "account_quotas": None}
    settings = parse_settings(region=region, platform=platform, stack="dev")
    return record(lambda: run(settings))


def _nvidia(estate: Recording) -> dict[str, Any]:
    user_data = b64decode(estate.one(TEMPLATE, POOL).inputs["userData"]).decode()
    return tomllib.loads(user_data)["settings"]["kubelet-device-plugins"]["nvidia"]


def test_whole_gpus_are_the_default() -> None:
    """Nothing about GPUs in user data, no label of parts, no snapshot."""
    user_data = b64decode(dev_estate().one(TEMPLATE, POOL).inputs["userData"]).decode()
    assert "nvidia" not in user_data
    assert set(dev_estate().one(GROUP, POOL).inputs["labels"]) == {"groundplan.dev/pool"}


def test_time_slices_are_requested_one_by_one_under_the_same_name() -> None:
    """Pods ask for `nvidia.com/gpu` as before; two slices could be of one GPU."""
    nvidia = _nvidia(_shared("time-slicing", 4, "g6.12xlarge"))
    assert nvidia["device-sharing-strategy"] == "time-slicing"
    assert nvidia["time-slicing"] == {
        "replicas": 4,
        "rename-by-default": False,
        "fail-requests-greater-than-one": True,
    }


@pytest.mark.parametrize(
    ("instance_type", "region", "name"),
    [("p4d.24xlarge", "eu-central-1", "a100.40gb"), ("p5.48xlarge", "eu-north-1", "h100.80gb")],
)
def test_mig_divides_the_gpu_of_the_instance_type(instance_type: str, region: str, name: str) -> None:
    """Bottlerocket divides it when the node starts."""
    nvidia = _nvidia(_shared("mig", 7, instance_type, region))
    assert nvidia["device-partitioning-strategy"] == "mig"
    assert nvidia["mig"]["profile"] == {name: "7"}


def test_nodes_say_into_how_many_parts_their_gpus_are_divided() -> None:
    """Capacity is counted by it."""
    estate = _shared("time-slicing", 4, "g6.12xlarge")
    assert estate.one(GROUP, POOL).inputs["labels"] == {
        "groundplan.dev/pool": "gpu",
        "groundplan.dev/gpu-parts": "4",
    }


def test_images_are_on_the_volume_before_the_node_starts() -> None:
    """On the data volume alone, which stays encrypted with our key."""
    system, data = _shared("time-slicing", 4, "g6.12xlarge").one(TEMPLATE, POOL).inputs["blockDeviceMappings"]
    assert "snapshotId" not in system["ebs"]
    assert data["ebs"]["snapshotId"] == "snap-0123456789abcdef0"
    assert (data["ebs"]["encrypted"], data["ebs"]["kmsKeyId"]) == (
        "true",
        "arn:of:aws:kms/key:Key:groundplan-dev-volumes",
    )


def test_parts_count_as_capacity() -> None:
    """Twenty-four parts for the tenant's quota: two nodes of four GPUs in four parts are enough."""
    platform = dev_config()["groundplan:platform"]
    pool = platform["gpu_pools"]["gpu"] | {"nodes": {"min": 1, "desired": 1, "max": 2}}
    platform["tenants"]["vision"]["training"]["nodes"] = 1
    shared = pool | {"sharing": {"strategy": "time-slicing", "parts": 4}}
    settings = dev_settings(gpu_pools={"gpu": shared}, tenants=platform["tenants"], operations=sleepless())
    assert settings.platform.gpu_pools["gpu"].parts == 4
