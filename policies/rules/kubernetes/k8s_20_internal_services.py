"""K8S-20: services are reached from inside only."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.kubernetes._amounts import label

ANNOTATION = "service.beta.kubernetes.io/aws-load-balancer-"
INTERNAL = {f"{ANNOTATION}internal": "true", f"{ANNOTATION}scheme": "internal"}


def check(service: Resource, context: Context) -> Iterator[Finding]:
    """No ports on nodes, no addresses taken from outside; load balancers are internal and have callers."""
    del context
    kind = service.view.text("spec.type", "ClusterIP")
    if kind == "NodePort":
        yield Finding(path="spec.type", message="opens a port on every node", key="NodePort")
    if service.view.texts("spec.externalIPs"):
        yield Finding(path="spec.externalIPs", message="takes over addresses", key="externalIPs")
    if kind == "LoadBalancer":
        annotations = service.view.object("metadata.annotations")
        if not any(label(annotations, key) == value for key, value in INTERNAL.items()):
            yield Finding(path="metadata.annotations", message="the load balancer is public", key="public")
        if "0.0.0.0/0" in (service.view.texts("spec.loadBalancerSourceRanges") or ["0.0.0.0/0"]):
            path = "spec.loadBalancerSourceRanges"
            yield Finding(path=path, message="anybody may call", key="callers")


RULE = Rule(
    id="K8S-20",
    title="Services have no ports on nodes, and load balancers are internal with named callers.",
    severity=Severity.HIGH,
    why="A public load balancer in front of a model server is an open door past every network rule.",
    remediation="Annotate the Service as internal (see infra/kubernetes/inference.py) and set caller_ranges.",
    frameworks={
        Framework.SOC2: ("CC6.6",),
        Framework.PCI_DSS: ("1.3.1", "1.4.2"),
        Framework.NIST: ("AC-4", "SC-7"),
    },
    enforcement=FROM_STAGING,
    types=("kubernetes:core/v1:Service",),
    check=check,
)
