"""VPC-04: only HTTPS of edge groups is open to the internet."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.vpc._openings import GROUP, INWARD, world_openings

HTTPS = 443


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """Everything else is a finding; so is 443 on a group that does not say that it is an edge."""
    openings = list(world_openings(resource, "ingress"))
    if not openings:
        return
    group = (
        [resource] if resource.type == GROUP else context.stack.referred(resource, "securityGroupId", GROUP)
    )
    edge = any(each.view.object("tags").text("Exposure") == "edge" for each in group)
    for opening in openings:
        if not opening.tcp or opening.ports != range(HTTPS, HTTPS + 1):
            yield Finding(
                path=opening.path, message="opens more than port 443 to the internet", key=opening.path
            )
        elif not edge:
            message = "open to the internet, and its group has no tag Exposure=edge"
            yield Finding(path=opening.path, message=message, key=opening.path)


RULE = Rule(
    id="VPC-04",
    title="The internet gets to port 443 of edge groups, and to nothing else.",
    severity=Severity.HIGH,
    why="Every other open port is a service that nobody meant to publish.",
    remediation=("Publish by a load balancer whose security group has the tag Exposure=edge, on port 443."),
    frameworks={
        Framework.SOC2: ("CC6.6",),
        Framework.PCI_DSS: (
            "1.3.1",
            "1.4.2",
        ),
        Framework.NIST: ("SC-7",),
    },
    equivalents=(
        "CKV_AWS_260",
        "CKV_AWS_277",
        "FSBP EC2.18",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_any_port",
    ),
    enforcement=FROM_STAGING,
    types=INWARD,
    check=check,
    needs_stack=True,
)
