"""VPC-02: the default security group lets nothing through."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"


def check(vpc: Resource, context: Context) -> Iterator[Finding]:
    """It is adopted, and has no rule in either direction."""
    groups = context.stack.referring(vpc, DEFAULT_GROUP, "vpcId")
    if not groups:
        message = f"the default security group of {vpc.name} is as AWS made it"
        yield Finding(path="", message=message, key="none")
    for group in groups:
        for direction in ("ingress", "egress"):
            if group.view.objects(direction):
                message = f"{group.name} has a rule for {direction}"
                yield Finding(path=direction, message=message, key=direction)


RULE = Rule(
    id="VPC-02",
    title="The default security group of every VPC is empty.",
    severity=Severity.MEDIUM,
    why=(
        "What is started without a group gets the default one, which lets its members talk to "
        "each other and to the world."
    ),
    remediation="Adopt the default group without rules, as infra/aws/network.py does.",
    frameworks={
        Framework.CIS_AWS: ("5.5",),
        Framework.SOC2: ("CC6.6",),
        Framework.PCI_DSS: (
            "1.3.1",
            "1.3.2",
        ),
        Framework.NIST: ("SC-7",),
    },
    equivalents=(
        "CKV2_AWS_12",
        "FSBP EC2.2",
        "prowler:ec2_securitygroup_default_restrict_traffic",
    ),
    enforcement=FROM_STAGING,
    types=("aws:ec2/vpc:Vpc",),
    check=check,
    needs_stack=True,
)
