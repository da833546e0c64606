"""What rules about identities share: where policies of roles and users are, and what they are good for."""

from __future__ import annotations

from policies.core.documents import Statement
from policies.core.resources import Resource
from policies.core.rule import Context

ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/policy:Policy"
IDENTITY_TYPES = (
    POLICY,
    "aws:iam/rolePolicy:RolePolicy",
    ROLE,
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/groupPolicy:GroupPolicy",
)
"""Resources whose documents say what an identity may do; a role can hold some inline."""
ATTACHMENTS = (
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment",
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
    "aws:iam/policyAttachment:PolicyAttachment",
)


def allowances(resource: Resource) -> list[Statement]:
    """The statements that allow something."""
    return [statement for statement in identity_statements(resource) if statement.allow]


def identity_statements(resource: Resource) -> list[Statement]:
    """The statements of an identity's documents."""
    if resource.type == ROLE:
        inline = resource.view.objects("inlinePolicies")
        return [statement for each in inline for statement in each.statements("policy")]
    return resource.view.statements("policy")


def is_ceiling(policy: Resource, context: Context) -> bool:
    """Whether a policy is only a permissions boundary: it bounds what others allow, and allows nothing."""
    stack = context.stack
    return (
        policy.type == POLICY
        and bool(stack.referring(policy, ROLE, "permissionsBoundary", by=("arn",)))
        and not any(stack.referring(policy, type_, "policyArn", by=("arn",)) for type_ in ATTACHMENTS)
        and not stack.referring(policy, ROLE, "managedPolicyArns", by=("arn",))
    )
