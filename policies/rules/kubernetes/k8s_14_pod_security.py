"""K8S-14: namespaces enforce a pod security standard, tenants' the strictest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from infra.conventions import TENANT_LABEL
from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.kubernetes._amounts import label
from policies.rules.kubernetes._namespaces import NAMESPACE, is_operators, is_tenants

ENFORCE = "pod-security.kubernetes.io/enforce"
STANDARDS = {True: ("restricted",), False: ("restricted", "baseline")}
"""Whether it is a tenant's, and what it may enforce."""


def check(namespace: Resource, context: Context) -> Iterator[Finding]:
    """`restricted` for tenants, `baseline` at least for the rest, anything for the operators."""
    if is_operators(namespace, context):
        return
    allowed = STANDARDS[is_tenants(namespace)]
    if label(namespace.view.object("metadata.labels"), ENFORCE) not in allowed:
        yield Finding(
            path="metadata.labels", message=f"{ENFORCE} is not {' or '.join(allowed)}", key="enforce"
        )


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Pods that are there stay; new ones that break the standard are refused."""
    del context
    changed = deepcopy(dict(properties))
    labels = changed.setdefault("metadata", {}).setdefault("labels", {})
    labels[ENFORCE] = STANDARDS[TENANT_LABEL in labels][-1]
    return changed


RULE = Rule(
    id="K8S-14",
    title="Namespaces enforce a pod security standard; those of tenants the restricted one.",
    severity=Severity.HIGH,
    why="The standard holds for every pod, however it came: no rule over this program's pods can do that.",
    remediation=f"Label the namespace {ENFORCE}: restricted, as infra/kubernetes/tenant.py does.",
    frameworks={
        Framework.CIS_EKS: ("4.2.1", "4.2.2", "4.2.3", "4.2.4", "4.2.5"),
        Framework.SOC2: ("CC6.8",),
        Framework.NIST: ("AC-6", "CM-6", "CM-7"),
    },
    enforcement=ALWAYS,
    types=(NAMESPACE,),
    check=check,
    rewrite=rewrite,
)
