"""VPC-10: network ACLs shut out administration; zones do not depend on each other."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource, Stack
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.vpc._network_acls import ACL_RULE, ACLS, lets_in

CLUSTER = "aws:eks/cluster:Cluster"
SUBNET = "aws:ec2/subnet:Subnet"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
TABLE = "aws:ec2/routeTable:RouteTable"
ROUTE = "aws:ec2/route:Route"
NAT = "aws:ec2/natGateway:NatGateway"
ZONES = 3
PORTS = (22, 3389)


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """Each kind of subject has a question of its own."""
    if resource.type == CLUSTER:
        zones = {_zone(each) for each in context.stack.referred(resource, "vpcConfig", SUBNET)}
        if len(zones) < ZONES:
            yield Finding(path="vpcConfig.subnetIds", message=f"in fewer than {ZONES} zones", key="zones")
    elif resource.type == SUBNET:
        if context.environment not in {"dev", "staging"}:
            yield from _foreign_nat(resource, context.stack)
    else:
        for port in PORTS:
            if lets_in(resource, port):
                yield Finding(path="", message=f"the internet gets to port {port}", key=str(port))


def _foreign_nat(subnet: Resource, stack: Stack) -> Iterator[Finding]:
    for association in stack.referring(subnet, ASSOCIATION, "subnetId"):
        for table in stack.referred(association, "routeTableId", TABLE):
            for route in stack.referring(table, ROUTE, "routeTableId"):
                for nat in stack.referred(route, "natGatewayId", NAT):
                    homes = stack.referred(nat, "subnetId", SUBNET)
                    if any(_zone(home) != _zone(subnet) for home in homes):
                        message = f"leaves through {nat.name}, which is in another zone"
                        yield Finding(path="", message=message, key=nat.name)


def _zone(subnet: Resource) -> str:
    return subnet.view.text("availabilityZone") or subnet.view.text("availabilityZoneId")


RULE = Rule(
    id="VPC-10",
    title=(
        "Network ACLs shut out SSH and RDP; clusters span three zones, each with a NAT of its own in prod."
    ),
    severity=Severity.MEDIUM,
    why=("One zone fails now and then; what leaves through its NAT, or runs only there, fails with it."),
    remediation=(
        "Make networks by infra/aws/network.py with three zones and nat_per_zone; deny 22 and "
        "3389 ahead of wider entries."
    ),
    frameworks={
        Framework.CIS_AWS: ("5.2",),
        Framework.SOC2: (
            "A1.2",
            "CC6.6",
        ),
        Framework.PCI_DSS: ("1.3.1",),
        Framework.NIST: (
            "CP-10",
            "SC-7",
        ),
    },
    equivalents=(
        "CKV_AWS_229",
        "CKV_AWS_230",
        "CKV_AWS_231",
        "CKV_AWS_232",
        "CKV_AWS_352",
        "FSBP EC2.21",
        "prowler:ec2_networkacl_allow_ingress_tcp_port_22",
        "prowler:ec2_networkacl_allow_ingress_tcp_port_3389",
        "prowler:vpc_subnet_different_az",
    ),
    enforcement=FROM_STAGING,
    types=(*ACLS, ACL_RULE, CLUSTER, SUBNET),
    check=check,
    needs_stack=True,
)
