"""EKS-03: secrets are encrypted with a key of ours."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity


def check(cluster: Resource, context: Context) -> Iterator[Finding]:
    """The encryption names secrets, and a key."""
    del context
    encryption = cluster.view.object("encryptionConfig")
    if "secrets" not in encryption.texts("resources"):
        yield Finding(
            path=encryption.where("resources"), message="secrets are not among them", key="resources"
        )
    if not encryption.named("provider.keyArn"):
        yield Finding(path=encryption.where("provider.keyArn"), message="no KMS key is named", key="key")


RULE = Rule(
    id="EKS-03",
    title="Kubernetes secrets are encrypted with a key of the account's own.",
    severity=Severity.HIGH,
    why="Whoever reads etcd or its backups reads every secret of every tenant.",
    remediation=(
        "Set encryption_config with resources ['secrets'] and the ARN of a KMS key; see "
        "infra/aws/encryption.py."
    ),
    frameworks={
        Framework.CIS_EKS: ("5.3.1",),
        Framework.HIPAA: ("164.312(a)(2)(iv)",),
        Framework.GDPR: ("32",),
        Framework.PCI_DSS: ("3.5.1",),
        Framework.NIST: ("SC-28",),
    },
    equivalents=(
        "CKV_AWS_58",
        "FSBP EKS.3",
        "prowler:eks_cluster_kms_cmk_encryption_in_secrets_enabled",
    ),
    enforcement=ALWAYS,
    types=("aws:eks/cluster:Cluster",),
    check=check,
)
