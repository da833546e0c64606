"""EKS-12: GPU pools are fenced, bounded and repaired."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.eks._instances import instance_types

GPU = re.compile(r"(?:g\d|p\d)[a-z0-9-]*")
TAINT = "nvidia.com/gpu"
LABEL = "groundplan.dev/pool"


def check(nodes: Resource, context: Context) -> Iterator[Finding]:
    """Of a group whose instance types have GPUs."""
    view = nodes.view
    types = instance_types(nodes, context.stack)
    families = {each.partition(".")[0] for each in types}
    gpu = sorted(each for each in families if GPU.fullmatch(each))
    if not gpu:
        return
    for family in gpu:
        if family not in context.settings.gpu_families:
            message = f"{family} is not among gpu_families of policies/settings.yaml"
            yield Finding(path="instanceTypes", message=message, key=family)
    fences = [each for each in view.objects("taints") if each.text("key") == TAINT]
    if not any(each.text("effect") in {"NO_SCHEDULE", "NO_EXECUTE"} for each in fences):
        yield Finding(path="taints", message=f"no taint {TAINT}: any pod may land here", key="taint")
    if not view.object("labels").value_of(LABEL):
        yield Finding(path="labels", message=f"no label {LABEL}", key="label")
    if view.number("scalingConfig.maxSize") > context.settings.gpu_nodes_max:
        message = f"more than {context.settings.gpu_nodes_max} nodes"
        yield Finding(path="scalingConfig.maxSize", message=message, key="size")
    if not view.flag("nodeRepairConfig.enabled"):
        path = "nodeRepairConfig.enabled"
        yield Finding(path=path, message="a node with a broken GPU stays", key="repair")


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Add the taint and the repair; family, size and label are decisions."""
    del context
    taints = properties.get("taints")
    kept = [each for each in taints if each.get("key") != TAINT] if isinstance(taints, list) else []
    taint = {"key": TAINT, "value": "present", "effect": "NO_SCHEDULE"}
    return {**properties, "taints": [*kept, taint], "nodeRepairConfig": {"enabled": True}}


RULE = Rule(
    id="EKS-12",
    title=("GPU pools have their taint and label, a bounded size, listed instances, and repair themselves."),
    severity=Severity.HIGH,
    why=(
        "An unfenced GPU node runs web pods at forty dollars an hour; an unrepaired one hangs "
        "every job that lands on it."
    ),
    remediation=(
        "Make pools by infra/aws/gpu_pool.py; instance families and the bound are in policies/settings.yaml."
    ),
    frameworks={
        Framework.SOC2: (
            "A1.1",
            "A1.2",
        ),
        Framework.NIST: ("SC-6",),
    },
    enforcement=FROM_STAGING,
    types=("aws:eks/nodeGroup:NodeGroup",),
    check=check,
    needs_stack=True,
    rewrite=rewrite,
)
