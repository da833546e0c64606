"""EKS-08: the cluster cannot be deleted by mistake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import PROD_ONLY, Context, Finding, Framework, Rule, Severity


def check(cluster: Resource, context: Context) -> Iterator[Finding]:
    """AWS itself refuses."""
    del context
    if not cluster.view.flag("deletionProtection"):
        yield Finding(path="deletionProtection", message="anybody with eks:DeleteCluster can delete it")


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Protection changes nothing else."""
    del context
    return {**properties, "deletionProtection": True}


RULE = Rule(
    id="EKS-08",
    title="The cluster refuses to be deleted.",
    severity=Severity.MEDIUM,
    why=(
        "Pulumi's protect stops this program only; a wrong click or script deletes the cluster all the same."
    ),
    remediation=("Set deletion_protection=True; whoever wants to delete the cluster takes it off first."),
    frameworks={Framework.SOC2: ("A1.2",), Framework.NIST: ("CP-10",)},
    equivalents=("prowler:eks_cluster_deletion_protection_enabled",),
    enforcement=PROD_ONLY,
    types=("aws:eks/cluster:Cluster",),
    check=check,
    rewrite=rewrite,
)
