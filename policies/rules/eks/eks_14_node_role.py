"""EKS-14: the nodes' role holds the three policies of a node."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource, Stack
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

ROLE = "aws:iam/role:Role"
PROFILE = "aws:iam/instanceProfile:InstanceProfile"
"""Of nodes that Karpenter launches; nothing else of the platform is an instance."""
ALLOWED = (
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKSWorkerNodeMinimalPolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonEC2ContainerRegistryPullOnly",
)


def check(nodes: Resource, context: Context) -> Iterator[Finding]:
    """The role is of this stack; only AWS' policies for nodes are attached, and it has none of its own."""
    where = "role" if nodes.type == PROFILE else "nodeRoleArn"
    roles = context.stack.referred(nodes, where, ROLE)
    if not roles:
        message = "names no role of this stack: what it holds cannot be told"
        yield Finding(path=where, message=message, key="none")
    for role in roles:
        for policy in _attached(role, context.stack):
            if policy.rpartition("/")[2] not in ALLOWED:
                message = f"{role.name} holds {policy}, which is not for nodes"
                yield Finding(path=where, message=message, key=policy)
        own = context.stack.referring(role, "aws:iam/rolePolicy:RolePolicy", "role", by=("name",))
        if own or role.view.objects("inlinePolicies"):
            yield Finding(path=where, message=f"{role.name} has a policy of its own", key="inline")


def _attached(role: Resource, stack: Stack) -> list[str]:
    kind = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    attachments = stack.referring(role, kind, "role", by=("name",))
    return [*role.view.texts("managedPolicyArns"), *(each.view.text("policyArn") for each in attachments)]


RULE = Rule(
    id="EKS-14",
    title="The role of nodes holds what a node needs, and nothing else.",
    severity=Severity.HIGH,
    why="Every pod that breaks out of its container works with the role of its node.",
    remediation=(
        "Give pods roles of their own (infra/aws/workload_identity.py); leave the node's role as "
        "infra/aws/node_role.py makes it."
    ),
    frameworks={Framework.CIS_EKS: ("5.1.3",), Framework.SOC2: ("CC6.3",), Framework.NIST: ("AC-6",)},
    enforcement=FROM_STAGING,
    types=("aws:eks/nodeGroup:NodeGroup", PROFILE),
    check=check,
    needs_stack=True,
)
