"""What the launch templates of all managed node groups have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi import Input

if TYPE_CHECKING:
    from pulumi_aws.ec2 import (
        LaunchTemplateBlockDeviceMappingArgsDict,
        LaunchTemplateMetadataOptionsArgsDict,
        LaunchTemplateTagSpecificationArgsDict,
    )

SYSTEM_VOLUME_GIB = 4
"""Size of Bottlerocket's own volume; images and scratch space are on the other one."""
SYSTEM_DEVICE, DATA_DEVICE = "/dev/xvda", "/dev/xvdb"


def metadata_options() -> LaunchTemplateMetadataOptionsArgsDict:
    """Instance metadata by token, and not for pods."""
    return {
        "http_endpoint": "enabled",
        "http_tokens": "required",
        # One hop ends at the node: pods have credentials of their own and must not take the node's.
        "http_put_response_hop_limit": 1,
    }


def node_volumes(
    key_arn: Input[str], data_gib: int, snapshot: str | None = None
) -> list[LaunchTemplateBlockDeviceMappingArgsDict]:
    """The volumes of a node: Bottlerocket's own and that of the data, which may begin as a snapshot."""
    return [
        _volume(SYSTEM_DEVICE, SYSTEM_VOLUME_GIB, key_arn, None),
        _volume(DATA_DEVICE, data_gib, key_arn, snapshot),
    ]


def _volume(
    device: str, size_gib: int, key_arn: Input[str], snapshot: str | None
) -> LaunchTemplateBlockDeviceMappingArgsDict:
    return {
        "device_name": device,
        "ebs": {
            **({"snapshot_id": snapshot} if snapshot else {}),
            "volume_type": "gp3",
            "volume_size": size_gib,
            "encrypted": "true",
            "kms_key_id": key_arn,
            "delete_on_termination": "true",
        },
    }


def tag_specifications(tags: dict[str, str]) -> list[LaunchTemplateTagSpecificationArgsDict]:
    """Tags of what EC2 makes from a template: the provider's default tags do not reach it."""
    return [{"resource_type": kind, "tags": tags} for kind in ("instance", "volume", "network-interface")]
