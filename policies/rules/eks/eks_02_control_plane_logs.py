"""EKS-02: the control plane writes all its logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def check(cluster: Resource, context: Context) -> Iterator[Finding]:
    """All that EKS has."""
    del context
    written = cluster.view.texts("enabledClusterLogTypes")
    for log in LOGS:
        if log not in written:
            yield Finding(path="enabledClusterLogTypes", message=f"the log {log} is off", key=log)


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Switching logs on restarts nothing."""
    del context
    return {**properties, "enabledClusterLogTypes": list(LOGS)}


RULE = Rule(
    id="EKS-02",
    title="The control plane writes all five of its logs.",
    severity=Severity.MEDIUM,
    why="Without the audit log nobody can tell who did what in the cluster.",
    remediation=(
        "Set enabled_cluster_log_types to api, audit, authenticator, controllerManager and scheduler."
    ),
    frameworks={
        Framework.CIS_EKS: ("2.1.1",),
        Framework.HIPAA: ("164.312(b)",),
        Framework.SOC2: ("CC7.2",),
        Framework.PCI_DSS: ("10.2.1",),
        Framework.NIST: ("AU-12",),
    },
    equivalents=(
        "CKV_AWS_37",
        "FSBP EKS.8",
        "prowler:eks_control_plane_logging_all_types_enabled",
    ),
    enforcement=FROM_STAGING,
    types=("aws:eks/cluster:Cluster",),
    check=check,
    rewrite=rewrite,
)
