"""EKS-15: no role that the stack makes administers its cluster."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity

ENTRY = "aws:eks/accessEntry:AccessEntry"
ROLE = "aws:iam/role:Role"
ADMINISTRATION = ("AmazonEKSClusterAdminPolicy", "AmazonEKSAdminPolicy")


def check(association: Resource, context: Context) -> Iterator[Finding]:
    """EKS' policies of administrators are for roles from outside: the deployer, and those named beside it."""
    stack = context.stack
    policy = association.view.text("policyArn")
    if not policy.endswith(ADMINISTRATION):
        return
    entries = stack.referred(association, "principalArn", ENTRY)
    roles = stack.referred(association, "principalArn", ROLE)
    for role in (
        *roles,
        *(role for entry in entries for role in stack.referred(entry, "principalArn", ROLE)),
    ):
        name = policy.rpartition("/")[2]
        yield Finding(path="policyArn", message=f"{role.name} has {name}", key=role.name)


RULE = Rule(
    id="EKS-15",
    title="No persona, pod or node administers the cluster by an access policy of EKS.",
    severity=Severity.CRITICAL,
    why="An administrator of the cluster reads every tenant's secrets and takes every pod's credentials.",
    remediation=(
        "Give the role a Kubernetes group, and the group what it needs; see "
        "infra/kubernetes/persona_access.py."
    ),
    frameworks={
        Framework.CIS_EKS: ("4.1.1",),
        Framework.HIPAA: ("164.312(a)(1)",),
        Framework.SOC2: ("CC6.3",),
        Framework.PCI_DSS: ("7.3.1",),
        Framework.NIST: ("AC-5", "AC-6"),
    },
    enforcement=ALWAYS,
    types=("aws:eks/accessPolicyAssociation:AccessPolicyAssociation",),
    check=check,
    needs_stack=True,
)
