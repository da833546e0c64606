"""K8S-10: GPUs are reached by a limit or a claim only, and a claim needs no help."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.pods import Pod, declares_pods
from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.kubernetes._pods import HAS_GPU_CEL, has_gpu, name_of, workload_pods

DEVICES = ("/dev/nvidia", "/dev/dri", "/var/run/nvidia-container-devices")
"""Device files, and the folder in which a mount asks NVIDIA's runtime for a device."""
SWITCH = "NVIDIA_VISIBLE_DEVICES"
RUNTIME = "nvidia"


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """No environment variable, device file or runtime class gives a GPU that the scheduler did not.

    A claim (DRA) is no reason for one: its class may be of adapters, and the driver gives devices by itself.
    """
    for pod in workload_pods(resource, context):
        yield from _containers(pod)
        for volume in pod.spec.objects("volumes"):
            if volume.text("hostPath.path").startswith(DEVICES):
                name = volume.text("name")
                yield Finding(path=volume.where("hostPath.path"), message=f"{name} is a GPU", key=name)


def _containers(pod: Pod) -> Iterator[Finding]:
    """Claims are looked for only where something makes use of a GPU."""
    for container in pod.containers():
        name = name_of(container)
        switched = any(each.text("name") == SWITCH for each in container.objects("env"))
        if switched and not has_gpu(container):
            yield Finding(path=container.where("env"), message=f"{name} sets {SWITCH}, unclaimed", key=name)
        for mount in container.objects("volumeMounts"):
            if mount.text("mountPath").startswith(DEVICES):
                yield Finding(path=mount.where("mountPath"), message=f"{name} mounts a GPU", key=name)
    special = not pod.partial and pod.spec.text("runtimeClassName") == RUNTIME
    if special and not any(has_gpu(container) for container in pod.containers()):
        path = pod.spec.where("runtimeClassName")
        yield Finding(path=path, message="NVIDIA's runtime without a claim", key="runtime")


def _none_of(path: str) -> str:
    return " && ".join(f"!{path}.startsWith('{device}')" for device in DEVICES)


RULE = Rule(
    id="K8S-10",
    title="GPUs are reached through a limit that the scheduler knows, and in no other way.",
    severity=Severity.HIGH,
    why="Who takes a GPU past the scheduler uses another tenant's, and reads what it left in memory.",
    remediation=(
        "Ask for nvidia.com/gpu in resources.limits; remove variable, mount and runtime class. A claim of "
        "DRA needs none of them."
    ),
    frameworks={Framework.SOC2: ("CC6.1",), Framework.NIST: ("AC-3", "AC-6", "SC-6")},
    enforcement=ALWAYS,
    types=("kubernetes:*",),
    applies=declares_pods,
    check=check,
    cel=(
        f"({HAS_GPU_CEL} || !c.?env.orValue([]).exists(e, e.name == '{SWITCH}'))"
        f" && c.?volumeMounts.orValue([]).all(m, {_none_of('m.mountPath')})"
    ),
    cel_pod=(
        f"p.?volumes.orValue([]).all(v, !has(v.hostPath) || ({_none_of('v.hostPath.path')}))"
        f" && (p.?runtimeClassName.orValue('') != '{RUNTIME}'"
        f" || variables.containers.exists(c, {HAS_GPU_CEL}))"
    ),
)
