"""K8S-09: containers say what they need and what they get at most."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.pods import declares_pods
from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.core.values import View
from policies.rules.kubernetes._amounts import amount
from policies.rules.kubernetes._pods import GPU_PREFIX, containers_of, name_of

BOUNDED = ("cpu", "memory")


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """Limits of CPU and memory; a request that is left out is the limit. GPUs: request and limit are equal.

    Containers for debugging have no resources of their own.
    """
    for pod, container in containers_of(resource, context, "containers", "initContainers"):
        name = name_of(container)
        limits, requests = container.object("resources.limits"), container.object("resources.requests")
        for kind in BOUNDED:
            if amount(limits, kind) is None and not pod.partial:
                yield Finding(path=limits.path, message=f"{name} has no limit of {kind}", key=name)
        for kind in _gpus(requests):
            if amount(requests, kind) != amount(limits, kind):
                yield Finding(
                    path=requests.path, message=f"{name} requests {kind} unlike its limit", key=name
                )


def _gpus(amounts: View) -> list[str]:
    return [key for key in amounts.keys() if key.startswith(GPU_PREFIX)]  # noqa: SIM118 - a method of View


RULE = Rule(
    id="K8S-09",
    title="Containers have limits of CPU and memory, and request the GPUs that they are limited to.",
    severity=Severity.MEDIUM,
    why="One container without limits takes the memory of its node, and with it other tenants' pods.",
    remediation="Set resources.limits for cpu and memory: sizes are settings of the tenant's services.",
    frameworks={Framework.SOC2: ("A1.1",), Framework.NIST: ("SC-5", "SC-6")},
    equivalents=(
        "CKV_K8S_10",
        "CKV_K8S_11",
        "CKV_K8S_12",
        "CKV_K8S_13",
        "prowler:core_cpu_limits_set",
        "prowler:core_memory_limits_set",
    ),
    enforcement=FROM_STAGING,
    types=("kubernetes:*",),
    applies=declares_pods,
    check=check,
    cel=(
        "c in p.?ephemeralContainers.orValue([])"
        " || ['cpu', 'memory'].all(r, r in c.?resources.?limits.orValue({}))"
    ),
)
