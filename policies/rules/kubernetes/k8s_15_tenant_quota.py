"""K8S-15: a tenant's namespace has a quota, GPUs included, and defaults for containers."""

from __future__ import annotations

from collections.abc import Iterator

from infra.conventions import GPU_RESOURCE
from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.kubernetes._amounts import amount
from policies.rules.kubernetes._namespaces import NAMESPACE, is_tenants, within

QUOTA = "kubernetes:core/v1:ResourceQuota"
LIMITS = "kubernetes:core/v1:LimitRange"
BOUNDED = (f"requests.{GPU_RESOURCE}", "requests.cpu", "requests.memory", "pods")
QUEUES = ("kubernetes:kueue.x-k8s.io/v1beta1:", "kubernetes:kueue.x-k8s.io/v1beta2:")


def check(namespace: Resource, context: Context) -> Iterator[Finding]:
    """Every amount that can run out is bounded. Where Kueue admits jobs, the tenant has a queue."""
    if not is_tenants(namespace):
        return
    name = namespace.view.text("metadata.name")
    quotas = [quota.view.object("spec.hard") for quota in within(namespace, context, QUOTA)]
    for kind in BOUNDED:
        if all(amount(quota, kind) is None for quota in quotas):
            yield Finding(path="", message=f"no ResourceQuota of {name} bounds {kind}", key=kind)
    ranges = within(namespace, context, LIMITS)
    if not any(
        limit.text("type") == "Container" for each in ranges for limit in each.view.objects("spec.limits")
    ):
        yield Finding(path="", message=f"{name} has no LimitRange for containers", key="LimitRange")
    if context.stack.of(*(f"{queue}ClusterQueue" for queue in QUEUES)) and not within(
        namespace, context, *(f"{queue}LocalQueue" for queue in QUEUES)
    ):
        yield Finding(path="", message=f"{name} has no LocalQueue", key="LocalQueue")


RULE = Rule(
    id="K8S-15",
    title="A tenant's namespace has a quota that bounds its GPUs, and defaults for its containers.",
    severity=Severity.MEDIUM,
    why="Without a quota one tenant's experiment takes every GPU of the cluster.",
    remediation="Declare the tenant in the stack file; infra/kubernetes/tenant.py adds quota and defaults.",
    frameworks={
        Framework.CIS_EKS: ("4.5.1",),
        Framework.SOC2: ("A1.1",),
        Framework.NIST: ("SC-5", "SC-6"),
    },
    enforcement=FROM_STAGING,
    types=(NAMESPACE,),
    check=check,
    needs_stack=True,
)
