"""AI-08: no two tenants share a role."""

from __future__ import annotations

from collections.abc import Iterator

from infra.conventions import tenant_namespace
from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.core.values import UnknownError

ASSOCIATION = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
ROLE = "aws:iam/role:Role"


def check(association: Resource, context: Context) -> Iterator[Finding]:
    """Its role is associated with no other namespace, and tagged with no other tenant."""
    namespace = association.view.text("namespace")
    for other in context.stack.of(ASSOCIATION):
        if _same_role(association, other) and other.view.text("namespace") != namespace:
            yield Finding(path="roleArn", message=f"{other.name} has the same role", key=other.name)
    for role in context.stack.referred(association, "roleArn", ROLE):
        tenant = role.view.text("tags.Tenant")
        if tenant and namespace != tenant_namespace(tenant):
            yield Finding(path="namespace", message=f"the role is that of {tenant}", key="tenant")


def _same_role(one: Resource, other: Resource) -> bool:
    """By what the ARNs were made from; literal ones by themselves."""
    made = set(one.property_dependencies.get("roleArn", ()))
    made_other = set(other.property_dependencies.get("roleArn", ()))
    if made or made_other:
        return bool(made & made_other)
    return _literal(one) == _literal(other)


def _literal(association: Resource) -> str:
    try:
        return association.view.text("roleArn")
    except UnknownError:
        return association.urn


RULE = Rule(
    id="AI-08",
    title="No role is associated with the pods of two namespaces.",
    severity=Severity.HIGH,
    why="A shared role makes two tenants one: what either may read, both may, and no log tells them apart.",
    remediation="Make one WorkloadIdentity per tenant and service: infra/aws/workload_identity.py.",
    frameworks={
        Framework.HIPAA: ("164.312(a)(2)(i)",),
        Framework.SOC2: ("CC6.1", "CC6.3"),
        Framework.PCI_DSS: ("8.2.2",),
        Framework.NIST: ("AC-6", "IA-2"),
    },
    enforcement=ALWAYS,
    types=(ASSOCIATION,),
    check=check,
    needs_stack=True,
)
