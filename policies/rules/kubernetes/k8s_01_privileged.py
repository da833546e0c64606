"""K8S-01: no container is privileged."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.pods import declares_pods, namespace_of, pods_of
from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """No container of any kind asks for it, outside of the operators' namespaces."""
    pods = pods_of(resource)
    if pods and namespace_of(resource) in context.settings.exempt_namespaces:
        return
    for pod in pods:
        for container in pod.containers():
            if container.flag("securityContext.privileged"):
                yield Finding(
                    path=container.where("securityContext.privileged"),
                    message="the container is privileged",
                    key=container.text("name"),
                )


RULE = Rule(
    id="K8S-01",
    title="No container is privileged.",
    severity=Severity.CRITICAL,
    why="A privileged container owns its node, and with it every tenant's pods on it.",
    remediation="Remove privileged; ask for single capabilities or devices instead.",
    frameworks={Framework.CIS_EKS: ("4.2.1",), Framework.NIST: ("AC-6",)},
    equivalents=("CKV_K8S_16",),
    enforcement=ALWAYS,
    types=("kubernetes:*",),
    applies=declares_pods,
    check=check,
    cel="!has(c.securityContext) || !has(c.securityContext.privileged) || !c.securityContext.privileged",
)
