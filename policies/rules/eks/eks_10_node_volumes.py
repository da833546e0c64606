"""EKS-10: volumes of nodes are encrypted with a key of ours."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.core.values import View

VOLUME = "aws:ebs/volume:Volume"
NODE_CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
MAPPINGS = "blockDeviceMappings"


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """All volumes are named, encrypted, and have a key. Instance stores are encrypted by the hardware."""
    del context
    if resource.type == VOLUME:
        yield from _judge(resource.view, "kmsKeyId")
        return
    by_karpenter = resource.type == NODE_CLASS
    where, key = ("spec.blockDeviceMappings", "kmsKeyID") if by_karpenter else (MAPPINGS, "kmsKeyId")
    disks = [each for each in resource.view.objects(where) if not each.text("virtualName")]
    if not disks:
        message = "no volume is named: they are as the image says"
        yield Finding(path=where, message=message, key="none")
    for disk in disks:
        yield from _judge(disk.object("ebs"), key)


def _judge(volume: View, key: str) -> Iterator[Finding]:
    if not volume.flag("encrypted"):
        yield Finding(path=volume.where("encrypted"), message="the volume is not encrypted", key=volume.path)
    if not volume.named(key):
        message = "encrypted with the key of EBS, not with one of ours"
        yield Finding(path=volume.where(key), message=message, key=f"{volume.path} key")


RULE = Rule(
    id="EKS-10",
    title="Volumes of nodes are encrypted with a key of the account's own.",
    severity=Severity.HIGH,
    why="Images, caches and scratch data of all tenants lie on the nodes' volumes.",
    remediation=(
        "Name every volume in block_device_mappings with encrypted=True and the key of volumes; "
        "see infra/aws/gpu_pool.py."
    ),
    frameworks={
        Framework.CIS_AWS: ("5.1.1",),
        Framework.HIPAA: ("164.312(a)(2)(iv)",),
        Framework.GDPR: ("32",),
        Framework.PCI_DSS: ("3.5.1",),
        Framework.NIST: ("SC-28",),
    },
    equivalents=(
        "CKV_AWS_8",
        "CKV_AWS_189",
        "FSBP EC2.3",
        "prowler:ec2_ebs_volume_encryption",
    ),
    enforcement=ALWAYS,
    types=(
        "aws:ec2/launchTemplate:LaunchTemplate",
        "aws:ebs/volume:Volume",
        NODE_CLASS,
    ),
    check=check,
)
