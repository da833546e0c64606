"""K8S-13: in each namespace all traffic is denied that no policy allows."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.core.values import View
from policies.rules.kubernetes._namespaces import NAMESPACE, is_operators, within

POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
DIRECTIONS = {"Ingress": "ingress", "Egress": "egress"}


def check(namespace: Resource, context: Context) -> Iterator[Finding]:
    """Some policy about all pods has the direction among its types, and no rule for it."""
    if is_operators(namespace, context):
        return
    policies = [policy.view for policy in within(namespace, context, POLICY)]
    for direction, rules in DIRECTIONS.items():
        if not any(_denies(policy, direction, rules) for policy in policies):
            name = namespace.view.text("metadata.name")
            yield Finding(path="", message=f"no policy of {name} denies all {rules}", key=rules)


def _denies(policy: View, direction: str, rules: str) -> bool:
    if direction not in policy.texts("spec.policyTypes") or policy.objects(f"spec.{rules}"):
        return False
    selector = policy.object("spec.podSelector")
    return not any(selector.value_of(key) for key in selector.keys())  # noqa: SIM118 - a method of View


RULE = Rule(
    id="K8S-13",
    title="Each namespace denies all traffic, in and out, that no policy allows.",
    severity=Severity.HIGH,
    why="Without a policy, every pod of the cluster reaches every other, and the internet.",
    remediation="Add a NetworkPolicy with an empty podSelector, both policyTypes and no rules.",
    frameworks={
        Framework.CIS_EKS: ("4.3.2",),
        Framework.SOC2: ("CC6.6",),
        Framework.PCI_DSS: ("1.3.1", "1.3.2"),
        Framework.NIST: ("AC-4", "SC-7"),
    },
    equivalents=("CKV2_K8S_6",),
    enforcement=FROM_STAGING,
    types=(NAMESPACE,),
    check=check,
    needs_stack=True,
)
