"""AI-07: a tenant's roles reach its own prefix, and pods of its own namespace only get them."""

from __future__ import annotations

from collections.abc import Iterator

from infra.conventions import tenant_namespace
from policies.core.documents import Statement
from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity

ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/rolePolicy:RolePolicy"
PODS = "pods.eks.amazonaws.com"
NAMESPACE_TAG = "aws:RequestTag/kubernetes-namespace"
S3 = "arn:aws:s3:::"
NO_DATA = "s3:getbucketlocation"
"""Tells the region of a bucket, and nothing of what is in it; Athena asks before it keeps results."""


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """Roles with the tag Tenant: trusted in one namespace. Their policies: objects below one prefix."""
    if resource.type == ROLE:
        yield from _trust(resource)
        return
    tenants = [tenant for role in _roles(resource, context) if (tenant := role.view.text("tags.Tenant"))]
    for statement in resource.view.statements("policy") if tenants else ():
        for tenant in tenants:
            if statement.allow and not _stays_within(statement, tenant):
                message = f"reaches beyond the prefix of {tenant}"
                yield Finding(path=statement.path, message=message, key=statement.sid)


def _trust(role: Resource) -> Iterator[Finding]:
    tenant = role.view.text("tags.Tenant")
    if not tenant:
        return
    for statement in role.view.statements("assumeRolePolicy"):
        by_pods = any(value == PODS for _, value in statement.principals)
        if statement.allow and by_pods and statement.values(NAMESPACE_TAG) != (tenant_namespace(tenant),):
            message = f"pods outside of {tenant_namespace(tenant)} may take it"
            yield Finding(path=statement.path, message=message, key=statement.sid)


def _roles(policy: Resource, context: Context) -> list[Resource]:
    named = context.stack.referred(policy, "role", ROLE)
    return named or [
        role for role in context.stack.of(ROLE) if role.view.text("name") == policy.view.text("role")
    ]


def _stays_within(statement: Statement, tenant: str) -> bool:
    """Objects by their prefix; lists by a condition on it. What is not about S3 is other rules' business."""
    if statement.not_actions or statement.not_resources:
        return False
    actions = [action.lower() for action in statement.actions if action.lower() != NO_DATA]
    if not any(action == "*" or action.startswith("s3:") for action in actions):
        return True
    prefix = f"{tenant}/"
    listed = statement.values("s3:prefix")
    for resource in statement.resources:
        _, slash, key = resource.removeprefix(S3).partition("/")
        if not resource.startswith(S3) or (slash and not key.startswith(prefix)):
            return False
        if not slash and not (listed and all(value.startswith(prefix) for value in listed)):
            return False
    return True


RULE = Rule(
    id="AI-07",
    title="A tenant's roles reach its own prefix only, and only pods of its namespace may take them.",
    severity=Severity.CRITICAL,
    why="One wrong pattern lets a tenant read, or replace, what another one trains on.",
    remediation="Grant by infra/aws/workload_identity.py, which derives prefix, condition and trust.",
    frameworks={
        Framework.HIPAA: ("164.308(a)(4)(ii)(B)", "164.312(a)(1)"),
        Framework.GDPR: ("25", "32"),
        Framework.SOC2: ("CC6.1", "CC6.3"),
        Framework.PCI_DSS: ("7.2.1", "7.3.1"),
        Framework.NIST: ("AC-3", "AC-4", "AC-6"),
    },
    enforcement=ALWAYS,
    types=(ROLE, POLICY),
    check=check,
    needs_stack=True,
)
