"""VPC-08: AWS services are reached without the internet."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource, Stack
from policies.core.rule import IN_PROD, Context, Finding, Framework, Rule, Severity

ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
NAT = "aws:ec2/natGateway:NatGateway"
SUBNET = "aws:ec2/subnet:Subnet"
NEEDED = ("ecr.api", "ecr.dkr", "kms", "logs", "sts")


def check(vpc: Resource, context: Context) -> Iterator[Finding]:
    """The gateway is in some route table; the interfaces are there if nothing leads out."""
    endpoints = context.stack.referring(vpc, ENDPOINT, "vpcId")
    gateways = [each for each in endpoints if _service(each) == "s3"]
    if not gateways:
        yield Finding(path="", message=f"{vpc.name} has no endpoint for S3", key="s3")
    for gateway in gateways:
        routed = gateway.property_dependencies.get("routeTableIds") or gateway.view.texts("routeTableIds")
        if gateway.view.text("vpcEndpointType", "Gateway") == "Gateway" and not routed:
            message = f"{gateway.name} is in no route table"
            yield Finding(path="routeTableIds", message=message, key="routes")
    if _has_nat(vpc, context.stack):
        return
    present = {_service(each) for each in endpoints}
    for service in NEEDED:
        if service not in present:
            message = f"{vpc.name} has no NAT and no endpoint for {service}"
            yield Finding(path="", message=message, key=service)


def _service(endpoint: Resource) -> str:
    """`ecr.api` of `com.amazonaws.eu-central-1.ecr.api`."""
    return endpoint.view.text("serviceName").split(".", 3)[-1]


def _has_nat(vpc: Resource, stack: Stack) -> bool:
    subnets = [subnet for nat in stack.of(NAT) for subnet in stack.referred(nat, "subnetId", SUBNET)]
    return any(vpc.urn in subnet.property_dependencies.get("vpcId", ()) for subnet in subnets)


RULE = Rule(
    id="VPC-08",
    title=("S3 is reached by a gateway endpoint; a VPC without NAT has endpoints for all that nodes need."),
    severity=Severity.MEDIUM,
    why=("Data of the lake should not pass a NAT gateway, and nodes without a way to ECR never start."),
    remediation=(
        "Make VPCs by infra/aws/network.py; without NAT, add endpoints for ECR, STS, KMS and CloudWatch Logs."
    ),
    frameworks={Framework.SOC2: ("CC6.6",), Framework.PCI_DSS: ("1.3.2",), Framework.NIST: ("SC-7",)},
    equivalents=(
        "FSBP EC2.10",
        "prowler:vpc_endpoint_for_ec2_enabled",
    ),
    enforcement=IN_PROD,
    types=("aws:ec2/vpc:Vpc",),
    check=check,
    needs_stack=True,
)
