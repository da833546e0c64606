"""MSK-09: Kafka is supported, and its policy names who may enter."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

CLUSTER = "aws:msk/cluster:Cluster"
NARROW = ("aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", "aws:SourceAccount")


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """A version from the list; a policy without permissions for everybody."""
    if resource.type == CLUSTER:
        version, supported = resource.view.text("kafkaVersion"), context.settings.kafka_versions
        if version not in supported:
            message = f"{version or 'no version'} is not one of {', '.join(supported)}"
            yield Finding(path="kafkaVersion", message=message, key="version")
        return
    for statement in resource.view.statements("policy"):
        if statement.allow and statement.anybody and not statement.has_condition(*NARROW):
            yield Finding(path=statement.path, message="lets everybody in", key=statement.sid)


RULE = Rule(
    id="MSK-09",
    title="Kafka runs a supported version, and a cluster's policy lets nobody in unnamed.",
    severity=Severity.MEDIUM,
    why=(
        "A version out of support gets no fixes; a policy for everybody opens the cluster to other accounts."
    ),
    remediation=(
        "Set kafka_version to one of kafka_versions in policies/settings.yaml; name principals in the policy."
    ),
    frameworks={
        Framework.SOC2: (
            "CC6.3",
            "CC7.1",
        ),
        Framework.PCI_DSS: (
            "6.3.3",
            "7.3.1",
        ),
        Framework.NIST: (
            "SI-2",
            "AC-3",
        ),
    },
    equivalents=("prowler:kafka_cluster_uses_latest_version",),
    enforcement=FROM_STAGING,
    types=(
        "aws:msk/cluster:Cluster",
        "aws:msk/clusterPolicy:ClusterPolicy",
    ),
    check=check,
)
