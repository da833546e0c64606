"""The class of volumes that pods claim: encrypted with our key, and told apart by tenant on the bill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output
from pulumi_kubernetes.storage.v1.StorageClass import StorageClass

from infra.conventions import PROJECT, VOLUME_CLASS, ComponentType, registered, tenant_namespace

_OF_TENANTS = tenant_namespace("")
_TENANT = "".join(
    (
        f'{{{{ if eq (index "{_OF_TENANTS}" .PVCNamespace) 0 }}}}',
        f"{{{{ substring {len(_OF_TENANTS)} -1 .PVCNamespace }}}}",
        "{{ end }}",
    )
)
"""For the driver to fill in: what follows in the claim's namespace, if that begins as all tenants' do.

Source: docs/tagging.md and pkg/util/template of kubernetes-sigs/aws-ebs-csi-driver.
"""


@dataclass(frozen=True, kw_only=True)
class VolumeClassArgs:
    """What it is made from.

    Args:
        key_arn: KMS key of the volumes.
        tags: tags of each volume, beside that of its tenant.
    """

    key_arn: Input[str]
    tags: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class VolumeClassOutputs:
    """Its name."""

    name: Output[str]


class VolumeClass(pulumi.ComponentResource):
    """The class of claims that name none: a volume is made where its pod is, and goes with its claim."""

    def __init__(self, name: str, args: VolumeClassArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.VOLUME_CLASS, name, None, opts)
        tags = {**args.tags, "Tenant": _TENANT}
        storage_class = StorageClass(
            VOLUME_CLASS,
            metadata={
                "name": VOLUME_CLASS,
                "labels": {"app.kubernetes.io/part-of": PROJECT, "app.kubernetes.io/managed-by": "pulumi"},
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
            provisioner="ebs.csi.aws.com",
            parameters={
                "type": "gp3",
                "encrypted": "true",
                "kmsKeyId": args.key_arn,
                **{
                    f"tagSpecification_{number}": f"{key}={value}"
                    for number, (key, value) in enumerate(sorted(tags.items()), start=1)
                },
            },
            reclaim_policy="Delete",
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.outputs = VolumeClassOutputs(name=storage_class.metadata.name)
        self.register_outputs(registered(self.outputs))
