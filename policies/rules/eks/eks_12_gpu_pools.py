"""EKS-12: GPU pools are fenced, bounded and repaired."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.core.values import View
from policies.rules.eks._instances import instance_types

GPU = re.compile(r"(?:g\d|p\d)[a-z0-9-]*")
TAINT = "nvidia.com/gpu"
LABEL = "groundplan.dev/pool"
NODE_POOL = "kubernetes:karpenter.sh/v1:NodePool"
TYPE = "node.kubernetes.io/instance-type"


def check(nodes: Resource, context: Context) -> Iterator[Finding]:
    """Of a group whose instance types have GPUs; of all pools of Karpenter, a bound."""
    view = nodes.view
    if nodes.type == NODE_POOL:
        yield from _pool(view, context)
        return
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


def _pool(view: View, context: Context) -> Iterator[Finding]:
    """Which types there may be is a requirement; Karpenter itself repairs nodes, or none."""
    nodes = view.number("spec.limits.nodes")
    if not 0 < nodes <= context.settings.gpu_nodes_max:
        message = f"not bounded to {context.settings.gpu_nodes_max} nodes"
        yield Finding(path="spec.limits.nodes", message=message, key="size")
    node = view.object("spec.template.spec")
    types = [
        value
        for each in node.objects("requirements")
        if each.text("key") == TYPE and each.text("operator") == "In"
        for value in each.texts("values")
    ]
    if not types:
        message = "does not name its instance types: any may come, of any price"
        yield Finding(path=node.where("requirements"), message=message, key="types")
    gpu = sorted({each.partition(".")[0] for each in types if GPU.fullmatch(each.partition(".")[0])})
    for family in gpu:
        if family not in context.settings.gpu_families:
            message = f"{family} is not among gpu_families of policies/settings.yaml"
            yield Finding(path=node.where("requirements"), message=message, key=family)
    fences = [each for each in node.objects("taints") if each.text("key") == TAINT]
    if gpu and not any(each.text("effect") in {"NoSchedule", "NoExecute"} for each in fences):
        message = f"no taint {TAINT}: any pod may land here"
        yield Finding(path=node.where("taints"), message=message, key="taint")
    if not view.object("spec.template.metadata.labels").value_of(LABEL):
        yield Finding(path="spec.template.metadata.labels", message=f"no label {LABEL}", key="label")


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Add the taint and the repair; family, size and label are decisions."""
    del context
    if "spec" in properties:
        return dict(properties)
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
        "Make pools by infra/aws/gpu_pool.py or infra/kubernetes/elastic_pool.py; families and the bound "
        "are in policies/settings.yaml."
    ),
    frameworks={
        Framework.SOC2: (
            "A1.1",
            "A1.2",
        ),
        Framework.NIST: ("SC-6",),
    },
    enforcement=FROM_STAGING,
    types=("aws:eks/nodeGroup:NodeGroup", NODE_POOL),
    check=check,
    needs_stack=True,
    rewrite=rewrite,
)
