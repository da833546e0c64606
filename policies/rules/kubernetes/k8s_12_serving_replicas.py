"""K8S-12: a model server survives the loss of a pod, of a node and of a zone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.core.pods import Pod, namespace_of
from policies.core.resources import Resource
from policies.core.rule import IN_PROD, Context, Finding, Framework, Rule, Severity
from policies.core.values import View, WrongTypeError
from policies.rules.kubernetes._serving import CONTROLLERS, serving_pods

BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
SCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
ZONE = "topology.kubernetes.io/zone"
ENOUGH = 2


def check(controller: Resource, context: Context) -> Iterator[Finding]:
    """Two replicas at least, a budget that leaves one of them, and a spread over zones."""
    for pod in serving_pods(controller, context):
        replicas = _replicas(controller, context)
        if replicas < ENOUGH:
            yield Finding(path="spec.replicas", message="there may be only one replica", key="replicas")
        if not any(_leaves_one(budget, replicas) for budget in _budgets(controller, pod, context)):
            yield Finding(path="", message="no disruption budget keeps a replica running", key="budget")
        if not _spreads(pod):
            path = pod.spec.where("topologySpreadConstraints")
            yield Finding(path=path, message="replicas may all be in one zone", key="spread")


def _replicas(controller: Resource, context: Context) -> float:
    """The autoscaler's lower bound where there is one; it overrules the controller's number."""
    for scaler in context.stack.of(SCALER):
        if (
            namespace_of(scaler) == namespace_of(controller)
            and scaler.view.text("spec.scaleTargetRef.name") == controller.view.text("metadata.name")
            and scaler.view.text("spec.scaleTargetRef.kind") == controller.view.text("kind", "Deployment")
        ):
            return scaler.view.number("spec.minReplicas", 1)
    return controller.view.number("spec.replicas", 1)


def _budgets(controller: Resource, pod: Pod, context: Context) -> list[View]:
    found = []
    for budget in context.stack.of(BUDGET):
        if namespace_of(budget) != namespace_of(controller):
            continue
        labels = budget.view.object("spec.selector.matchLabels").raw
        if labels and all(pod.labels.get(key) == value for key, value in labels.items()):
            found.append(budget.view.object("spec"))
    return found


def _leaves_one(budget: View, replicas: float) -> bool:
    """Of the replicas that are wanted; shares are rounded in favour of availability."""
    least, most = _bound(budget, "minAvailable"), _bound(budget, "maxUnavailable")
    if least is not None:
        return not re.fullmatch(r"0+(\.0+)?%?", least)
    if most is None:
        return False
    return most != "100%" if most.endswith("%") else float(most) < replicas


def _bound(budget: View, key: str) -> str | None:
    value = budget.value_of(key)
    if value is not None and (isinstance(value, bool) or not re.fullmatch(r"\d+(\.\d+)?%?", str(value))):
        raise WrongTypeError(budget.where(key), "a number or a share", value)
    return None if value is None else str(value)


def _spreads(pod: Pod) -> bool:
    if any(each.text("topologyKey") == ZONE for each in pod.spec.objects("topologySpreadConstraints")):
        return True
    affinity = pod.spec.object("affinity.podAntiAffinity")
    terms = affinity.objects("requiredDuringSchedulingIgnoredDuringExecution")
    return any(term.text("topologyKey") == ZONE for term in terms)


RULE = Rule(
    id="K8S-12",
    title="A model server has two replicas in two zones, and disruptions leave one of them.",
    severity=Severity.MEDIUM,
    why="Draining one node, or losing one zone, must not end a service.",
    remediation="Set replicas.min to 2 or more in the tenant's settings; see infra/kubernetes/inference.py.",
    frameworks={Framework.SOC2: ("A1.2",), Framework.NIST: ("CP-10", "SC-36")},
    enforcement=IN_PROD,
    types=CONTROLLERS,
    check=check,
    needs_stack=True,
)
