"""K8S-06: pods mount no files of their node, and shared memory has a size."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.pods import declares_pods
from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.kubernetes._pods import workload_pods


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """Host paths are in the settings; a volume in memory has a `sizeLimit`."""
    for pod in workload_pods(resource, context):
        for volume in pod.spec.objects("volumes"):
            name = volume.text("name")
            if "hostPath" in volume and volume.text("hostPath.path") not in context.settings.host_paths:
                yield Finding(
                    path=volume.where("hostPath.path"), message=f"{name} is a path of the node", key=name
                )
            in_memory = volume.text("emptyDir.medium") == "Memory"
            if in_memory and not volume.text("emptyDir.sizeLimit"):
                yield Finding(
                    path=volume.where("emptyDir.sizeLimit"),
                    message=f"{name} is in memory, without limit",
                    key=name,
                )


RULE = Rule(
    id="K8S-06",
    title="Pods mount no path of their node, and volumes in memory have a size.",
    severity=Severity.HIGH,
    why="The runtime's socket on the node is as good as root; endless shared memory evicts others.",
    remediation="Use an emptyDir (with medium Memory and a sizeLimit for NCCL), or a CSI volume.",
    frameworks={Framework.SOC2: ("CC6.1",), Framework.NIST: ("AC-6", "CM-7", "SC-6")},
    equivalents=("CKV_K8S_27", "prowler:core_minimize_hostpath_volume_mounts"),
    enforcement=ALWAYS,
    types=("kubernetes:*",),
    applies=declares_pods,
    check=check,
    cel_pod=(
        "p.?volumes.orValue([]).all(v, (!has(v.hostPath) || v.hostPath.path in variables.settings.host_paths)"
        " && (v.?emptyDir.?medium.orValue('') != 'Memory' || has(v.emptyDir.sizeLimit)))"
    ),
)
