"""EKS-06: nodes are in private subnets."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.routes import SUBNET, private_only
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity


def check(nodes: Resource, context: Context) -> Iterator[Finding]:
    """All subnets are of this stack; none gives public addresses or leads to an internet gateway."""
    yield from private_only(nodes, context.stack)
    for subnet in context.stack.referred(nodes, "subnetIds", SUBNET):
        if subnet.view.flag("mapPublicIpOnLaunch"):
            message = f"{subnet.name} gives its machines public addresses"
            yield Finding(path="subnetIds", message=message, key=subnet.name)


RULE = Rule(
    id="EKS-06",
    title="Nodes are in subnets without a route from the internet.",
    severity=Severity.HIGH,
    why="A node with a public address is a door beside every control in front of it.",
    remediation="Give node groups the private subnets of infra/aws/network.py.",
    frameworks={
        Framework.CIS_EKS: ("5.4.3",),
        Framework.SOC2: ("CC6.6",),
        Framework.PCI_DSS: ("1.4.2",),
        Framework.NIST: ("SC-7",),
    },
    equivalents=("prowler:eks_cluster_private_nodes_enabled",),
    enforcement=ALWAYS,
    types=("aws:eks/nodeGroup:NodeGroup",),
    check=check,
    needs_stack=True,
)
