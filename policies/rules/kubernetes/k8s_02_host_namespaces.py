"""K8S-02: no pod shares namespaces with its node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.pods import declares_pods
from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.kubernetes._pods import rewrite_pods, workload_pods

FIELDS = ("hostPID", "hostIPC", "hostNetwork")


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """None of the three is true, outside of the operators' namespaces."""
    for pod in workload_pods(resource, context):
        for name in FIELDS:
            if pod.spec.flag(name):
                yield Finding(path=pod.spec.where(name), message=f"{name} is true", key=name)


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """A pod in namespaces of its own sees less than before, and nothing else sees more."""
    del context
    return rewrite_pods(properties, lambda pod: pod.update(dict.fromkeys(FIELDS, False)))


RULE = Rule(
    id="K8S-02",
    title="No pod shares the process, IPC or network namespace of its node.",
    severity=Severity.CRITICAL,
    why="In the node's namespaces a pod sees other tenants' processes, and the node's own credentials.",
    remediation="Remove hostPID, hostIPC and hostNetwork; NCCL needs a memory-backed emptyDir, not hostIPC.",
    frameworks={
        Framework.CIS_EKS: ("4.2.2", "4.2.3", "4.2.4"),
        Framework.SOC2: ("CC6.1",),
        Framework.NIST: ("AC-6", "SC-7"),
    },
    equivalents=(
        "CKV_K8S_17",
        "CKV_K8S_18",
        "CKV_K8S_19",
        "prowler:core_minimize_hostPID_containers",
        "prowler:core_minimize_hostIPC_containers",
        "prowler:core_minimize_hostNetwork_containers",
    ),
    enforcement=ALWAYS,
    types=("kubernetes:*",),
    applies=declares_pods,
    check=check,
    rewrite=rewrite,
    cel_pod="!p.?hostPID.orValue(false) && !p.?hostIPC.orValue(false) && !p.?hostNetwork.orValue(false)",
)
