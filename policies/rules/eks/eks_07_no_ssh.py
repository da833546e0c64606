"""EKS-07: nobody logs in to nodes by SSH."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """A node group has no key without source groups; a launch template has none at all."""
    del context
    view = resource.view
    if view.named("remoteAccess.ec2SshKey") and not view.texts("remoteAccess.sourceSecurityGroupIds"):
        path = "remoteAccess.sourceSecurityGroupIds"
        yield Finding(path=path, message="port 22 is open to the internet", key="remote access")
    if view.named("keyName"):
        yield Finding(path="keyName", message="nodes take an SSH key", key="key")


RULE = Rule(
    id="EKS-07",
    title="Nobody logs in to nodes by SSH.",
    severity=Severity.HIGH,
    why=(
        "EKS opens port 22 to the internet when a node group has a key and no source groups; keys"
        " are shared and never expire."
    ),
    remediation="Leave remote_access and key_name out; use kubectl debug, or AWS Systems Manager.",
    frameworks={Framework.SOC2: ("CC6.6",), Framework.PCI_DSS: ("1.3.1",), Framework.NIST: ("AC-17",)},
    equivalents=("CKV_AWS_100",),
    enforcement=ALWAYS,
    types=(
        "aws:eks/nodeGroup:NodeGroup",
        "aws:ec2/launchTemplate:LaunchTemplate",
    ),
    check=check,
)
