"""EKS-04: the Kubernetes version is pinned and supported."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

CLUSTER = "aws:eks/cluster:Cluster"


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """Named, and in the list. Nodes without a version take the cluster's."""
    version = resource.view.text("version")
    supported = context.settings.kubernetes_versions
    if not version:
        if resource.type == CLUSTER:
            yield Finding(path="version", message="no version is pinned: AWS takes its newest", key="none")
    elif version not in supported:
        yield Finding(
            path="version", message=f"{version} is not one of {', '.join(supported)}", key="version"
        )


RULE = Rule(
    id="EKS-04",
    title="The cluster runs a Kubernetes version in standard support.",
    severity=Severity.MEDIUM,
    why=(
        "A version out of support gets no fixes, costs six times as much, and is upgraded when AWS decides."
    ),
    remediation=(
        "Set version to one of kubernetes_versions in policies/settings.yaml; see "
        "infra/planning/eks_versions.py."
    ),
    frameworks={Framework.SOC2: ("CC7.1",), Framework.PCI_DSS: ("6.3.3",), Framework.NIST: ("SI-2",)},
    equivalents=(
        "CKV_AWS_339",
        "FSBP EKS.2",
        "prowler:eks_cluster_uses_a_supported_version",
    ),
    enforcement=FROM_STAGING,
    types=(
        "aws:eks/cluster:Cluster",
        "aws:eks/nodeGroup:NodeGroup",
    ),
    check=check,
)
