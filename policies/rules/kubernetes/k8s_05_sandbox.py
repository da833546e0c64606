"""K8S-05: containers have a filter of system calls and cannot write to their own image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.pods import declares_pods
from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.kubernetes._pods import containers_of, inherited, name_of, rewrite_pods

SECCOMP = "securityContext.seccompProfile.type"
READ_ONLY = "securityContext.readOnlyRootFilesystem"
PROFILES = ("RuntimeDefault", "Localhost")


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """A profile for seccomp, of container or pod, and a read-only root file system."""
    for pod, container in containers_of(resource, context):
        profile = inherited(pod, container, "seccompProfile.type").text(SECCOMP)
        read_only = container.flag(READ_ONLY, default=pod.partial)
        name = name_of(container)
        if profile not in PROFILES and (profile or not pod.partial):
            yield Finding(path=container.where(SECCOMP), message=f"{name} has no seccomp profile", key=name)
        if not read_only:
            yield Finding(path=container.where(READ_ONLY), message=f"{name} can change its image", key=name)


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Most software is tested with the runtime's own profile; where it writes files, nobody knows."""
    del context

    def confine(pod: dict[str, Any]) -> None:
        pod.setdefault("securityContext", {})["seccompProfile"] = {"type": PROFILES[0]}
        for kind in ("containers", "initContainers", "ephemeralContainers"):
            for container in pod.get(kind) or ():
                if isinstance(container, dict):
                    (container.get("securityContext") or {}).pop("seccompProfile", None)

    return rewrite_pods(properties, confine)


RULE = Rule(
    id="K8S-05",
    title="Containers have a seccomp profile and a read-only root file system.",
    severity=Severity.MEDIUM,
    why="An intruder who can neither write programs nor use rare system calls does not get far.",
    remediation="Set seccompProfile RuntimeDefault and readOnlyRootFilesystem; mount an emptyDir at /tmp.",
    frameworks={Framework.SOC2: ("CC6.8",), Framework.NIST: ("CM-7", "SI-7")},
    equivalents=(
        "CKV_K8S_22",
        "CKV_K8S_31",
        "prowler:core_readonly_root_filesystem_enabled",
        "prowler:core_seccomp_profile_docker_default",
    ),
    enforcement=FROM_STAGING,
    types=("kubernetes:*",),
    applies=declares_pods,
    check=check,
    rewrite=rewrite,
    cel=(
        "c.?securityContext.?seccompProfile.?type.orValue("
        "p.?securityContext.?seccompProfile.?type.orValue('')) in ['RuntimeDefault', 'Localhost']"
        " && c.?securityContext.?readOnlyRootFilesystem.orValue(false)"
    ),
)
