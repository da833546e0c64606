"""MSK-02: events lie encrypted with a key of ours."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity


def check(cluster: Resource, context: Context) -> Iterator[Finding]:
    """A key is named."""
    del context
    path = "encryptionInfo.encryptionAtRestKmsKeyArn"
    if not cluster.view.named(path):
        yield Finding(path=path, message="stored under the key of the service")


RULE = Rule(
    id="MSK-02",
    title="Events are stored under a key of the account's own.",
    severity=Severity.HIGH,
    why="With the key of the service nobody can say who may read, or take that away.",
    remediation=(
        "Set encryption_at_rest_kms_key_arn to the streaming key; a cluster that exists has to be made anew."
    ),
    frameworks={
        Framework.HIPAA: ("164.312(a)(2)(iv)",),
        Framework.GDPR: ("32",),
        Framework.PCI_DSS: ("3.5.1",),
        Framework.NIST: ("SC-28",),
    },
    equivalents=("prowler:kafka_cluster_encryption_at_rest_uses_cmk",),
    enforcement=FROM_STAGING,
    types=("aws:msk/cluster:Cluster",),
    check=check,
)
