"""K8S-03: no container runs as root, or can become root."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.pods import Pod, declares_pods
from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.core.values import View
from policies.rules.kubernetes._pods import containers_of, inherited, name_of, rewrite_containers

ESCALATION = "securityContext.allowPrivilegeEscalation"
NON_ROOT = "securityContext.runAsNonRoot"
USER = "securityContext.runAsUser"


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """Escalation is refused, and another user than root is demanded, of every container."""
    for pod, container in containers_of(resource, context):
        yield from _judge(pod, container)


def _judge(pod: Pod, container: View) -> Iterator[Finding]:
    escalates = container.flag(ESCALATION, default=not pod.partial)
    non_root = inherited(pod, container, "runAsNonRoot").flag(NON_ROOT, default=pod.partial)
    user = inherited(pod, container, "runAsUser").number(USER, 1)
    name = name_of(container)
    if escalates:
        yield Finding(path=container.where(ESCALATION), message=f"{name} may gain privileges", key=name)
    if not non_root or user == 0:
        yield Finding(path=container.where(NON_ROOT), message=f"{name} may run as root", key=name)


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """A container whose image starts as root does not start any more: it fails closed."""
    del context
    safe = {"allowPrivilegeEscalation": False, "runAsNonRoot": True}
    return rewrite_containers(properties, lambda security: security.update(safe))


RULE = Rule(
    id="K8S-03",
    title="No container runs as root or can gain privileges.",
    severity=Severity.HIGH,
    why="Root in a container is one bug of the kernel away from root on the node.",
    remediation="Set allowPrivilegeEscalation: false and runAsNonRoot: true; give the image its own user.",
    frameworks={
        Framework.CIS_EKS: ("4.2.5",),
        Framework.SOC2: ("CC6.3",),
        Framework.NIST: ("AC-6",),
    },
    equivalents=(
        "CKV_K8S_20",
        "CKV_K8S_23",
        "prowler:core_minimize_allowPrivilegeEscalation_containers",
        "prowler:core_minimize_root_containers_admission",
    ),
    enforcement=FROM_STAGING,
    types=("kubernetes:*",),
    applies=declares_pods,
    check=check,
    rewrite=rewrite,
    cel=(
        "!c.?securityContext.?allowPrivilegeEscalation.orValue(true)"
        " && c.?securityContext.?runAsNonRoot.orValue(p.?securityContext.?runAsNonRoot.orValue(false))"
        " && c.?securityContext.?runAsUser.orValue(p.?securityContext.?runAsUser.orValue(1)) != 0"
    ),
)
