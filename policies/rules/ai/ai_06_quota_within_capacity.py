"""AI-06: tenants are promised no more GPUs than there can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infra.conventions import GPU_RESOURCE, PARTS_LABEL
from infra.planning.instance_types import INSTANCE_TYPES
from policies.core.resources import STACK, Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.core.values import View, WrongTypeError
from policies.rules.eks._instances import instance_types
from policies.rules.kubernetes._amounts import count

QUOTA = "kubernetes:core/v1:ResourceQuota"
GROUP = "aws:eks/nodeGroup:NodeGroup"
KARPENTER = "kubernetes:karpenter.sh/v1:NodePool"


def check(stack: Resource, context: Context) -> Iterator[Finding]:
    """The sum of all quotas is at most what node groups and node pools can grow to."""
    del stack
    promised = sum(
        count(quota.view.object("spec.hard"), f"requests.{GPU_RESOURCE}") for quota in context.stack.of(QUOTA)
    )
    possible = sum(
        count(pool.view.object("spec.limits"), GPU_RESOURCE) for pool in context.stack.of(KARPENTER)
    )
    for group in context.stack.of(GROUP):
        gpus = _gpus(group.view, instance_types(group, context.stack))
        if gpus is None:
            yield Finding(path="", message=f"{group.name}: unknown instance type", key=group.name)
        possible += (gpus or 0) * _parts(group.view) * group.view.number("scalingConfig.maxSize")
    if promised > possible:
        message = f"quotas promise {promised:.0f} GPUs, and there can be {possible:.0f}"
        yield Finding(path="", message=message, key="capacity")


def _parts(group: View) -> int:
    """Into how many each GPU of a group is divided, by the label of its nodes."""
    labels = group.object("labels")
    if PARTS_LABEL not in labels.keys():  # noqa: SIM118 - a method of View
        return 1
    parts = labels.value_of(PARTS_LABEL)
    if not isinstance(parts, str) or not parts.isdecimal():
        raise WrongTypeError(labels.where(PARTS_LABEL), "a whole number as text", parts)
    return int(parts)


def _gpus(group: View, types: Sequence[str]) -> int | None:
    """GPUs of each node, of the smallest type where there are several; None where a GPU type is not known."""
    known = [INSTANCE_TYPES[each].gpu_count for each in types if each in INSTANCE_TYPES]
    if types and len(known) == len(types):
        return min(known)
    return None if "NVIDIA" in group.text("amiType") else 0


RULE = Rule(
    id="AI-06",
    title="The quotas of all tenants together ask for no more GPUs than the node groups can grow to.",
    severity=Severity.MEDIUM,
    why="A quota above capacity is a promise that ends in a queue nobody planned for.",
    remediation="Raise gpu_pools.*.nodes.max or lower tenants.*.quota.gpus; `groundplan plan` shows both.",
    frameworks={Framework.SOC2: ("A1.1",), Framework.NIST: ("SC-5", "SC-6")},
    enforcement=ALWAYS,
    types=(STACK,),
    check=check,
    needs_stack=True,
)
