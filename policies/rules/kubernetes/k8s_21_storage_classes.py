"""K8S-21: volumes that pods claim are encrypted, with a key that is named."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.kubernetes._amounts import label

PROVISIONER = "ebs.csi.aws.com"
IN_TREE = "kubernetes.io/aws-ebs"
"""The name of old manifests; its volumes are made by the same driver."""


def check(storage_class: Resource, context: Context) -> Iterator[Finding]:
    """A class of EBS volumes asks for encryption and says by which key."""
    del context
    if storage_class.view.text("provisioner") not in {PROVISIONER, IN_TREE}:
        return
    parameters = storage_class.view.object("parameters")
    if label(parameters, "encrypted") != "true":
        yield Finding(path="parameters.encrypted", message="volumes are not encrypted", key="encrypted")
    if not parameters.named("kmsKeyId"):
        yield Finding(path="parameters.kmsKeyId", message="no key is named", key="key")


RULE = Rule(
    id="K8S-21",
    title="Volumes that pods claim are encrypted, with a key that is named.",
    severity=Severity.HIGH,
    why="Who reads a snapshot of a volume in the clear reads what its pod wrote.",
    remediation="Set encrypted and kmsKeyId in the class, as infra/kubernetes/volume_class.py does.",
    frameworks={
        Framework.HIPAA: ("164.312(a)(2)(iv)",),
        Framework.GDPR: ("32",),
        Framework.PCI_DSS: ("3.5.1",),
        Framework.NIST: ("SC-28",),
    },
    enforcement=ALWAYS,
    types=("kubernetes:storage.k8s.io/v1:StorageClass",),
    check=check,
)
