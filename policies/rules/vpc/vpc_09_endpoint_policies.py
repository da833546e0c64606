"""VPC-09: endpoints let out data to accounts of ours only."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from policies.core.resources import Resource
from policies.core.rule import IN_PROD, Context, Finding, Framework, Rule, Severity

KEYS = (
    "aws:PrincipalAccount",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
)
IMAGE_LAYERS = ("arn:*:s3:::prod-*-starport-layer-bucket/*", "arn:*:s3:::prod-registry-k8s-io-*/*")
"""Where ECR and registry.k8s.io keep the layers of images; AWS and CNCF own the buckets."""
GRAFANA = ".grafana-workspace"
"""Endpoints of this service lead to web pages and can have no policy; it is their security group that counts:
https://docs.aws.amazon.com/grafana/latest/userguide/VPC-endpoints.html"""


def check(endpoint: Resource, context: Context) -> Iterator[Finding]:
    """Each permission for everybody has a condition on whose, or is for reading layers of images."""
    del context
    if endpoint.view.text("serviceName").endswith(GRAFANA):
        return
    statements = endpoint.view.statements("policy")
    if not statements:
        yield Finding(path="policy", message="everything is allowed where there is no policy", key="none")
    for statement in statements:
        if not statement.allow or not statement.anybody or statement.has_condition(*KEYS):
            continue
        layers = statement.resources and all(map(_holds_layers, statement.resources))
        if not (layers and statement.actions == ("s3:GetObject",)):
            message = "leads to any account"
            yield Finding(path=statement.path, message=message, key=statement.sid)


def _holds_layers(resource: str) -> bool:
    return any(fnmatchcase(resource, pattern) for pattern in IMAGE_LAYERS)


RULE = Rule(
    id="VPC-09",
    title="Policies of VPC endpoints are limited to accounts of ours.",
    severity=Severity.MEDIUM,
    why=(
        "An endpoint without a policy lets a thief copy the lake into a bucket of his own, past "
        "every firewall."
    ),
    remediation=(
        "Give the endpoint a policy with a condition on aws:ResourceAccount or "
        "aws:PrincipalOrgID; see infra/aws/network.py."
    ),
    frameworks={
        Framework.SOC2: ("CC6.1",),
        Framework.PCI_DSS: (
            "1.3.2",
            "7.3.1",
        ),
        Framework.NIST: (
            "AC-4",
            "SC-7",
        ),
    },
    equivalents=("prowler:vpc_endpoint_connections_trust_boundaries",),
    enforcement=IN_PROD,
    types=("aws:ec2/vpcEndpoint:VpcEndpoint",),
    check=check,
)
