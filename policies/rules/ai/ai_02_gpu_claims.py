"""AI-02: a claim of GPUs takes what it needs, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.core.values import View
from policies.rules.ai._claims import CLAIM, TEMPLATE, requests_of
from policies.rules.kubernetes._amounts import label
from policies.rules.kubernetes._namespaces import NAMESPACE, is_operators
from policies.rules.kubernetes._pods import is_exempt

LABEL = "resource.kubernetes.io/admin-access"


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """No request has admin access or takes all devices; no namespace lets its claims have it."""
    if resource.type == NAMESPACE:
        labels = resource.view.object("metadata.labels")
        labelled = LABEL in labels.keys()  # noqa: SIM118 - a method of View
        if labelled and label(labels, LABEL) == "true" and not is_operators(resource, context):
            yield Finding(path="metadata.labels", message=f"{LABEL} is true", key="label")
        return
    if is_exempt(resource, context):
        return
    for part, name in requests_of(resource):
        yield from _judge(part, name)


def _judge(part: View, name: str) -> Iterator[Finding]:
    if part.flag("adminAccess"):
        path = part.where("adminAccess")
        yield Finding(path=path, message=f"{name} reaches devices in use by others", key=name)
    if part.text("allocationMode") == "All":
        path = part.where("allocationMode")
        yield Finding(path=path, message=f"{name} takes every device of a node", key=name)


RULE = Rule(
    id="AI-02",
    title="Claims of GPUs have no admin access and do not take all devices of a node.",
    severity=Severity.HIGH,
    why="Admin access reaches GPUs that run another tenant's model, and past every quota.",
    remediation="Remove adminAccess; ask for a count of devices with allocationMode ExactCount.",
    frameworks={Framework.SOC2: ("CC6.1", "CC6.3"), Framework.NIST: ("AC-3", "AC-6", "SC-6")},
    enforcement=ALWAYS,
    types=(*CLAIM, *TEMPLATE, NAMESPACE),
    check=check,
)
