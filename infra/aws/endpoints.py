"""The way to AWS' own services without the internet: a gateway to S3 and interfaces to others."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi import Input
from pulumi_aws.ec2.vpc_endpoint import VpcEndpoint

from infra.aws.account import Account
from infra.aws.client_groups import admit, create_group
from infra.aws.documents import Conditions, Statement, allow, document

_HTTPS = 443
_PULL = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
)
_IMAGE_BUCKETS = ("prod-{region}-starport-layer-bucket", "prod-registry-k8s-io-{region}")
"""Whence layers of images come, for readers without credentials: ECR's, and those of registry.k8s.io, which
sends clients in AWS to a bucket of their region. Without it their pull ends with 403; see
https://github.com/prometheus-community/helm-charts/issues/2421. Images are named by digest: nobody can put
another in their place. The registry may move at any time; then they come by NAT."""


def connect_s3(
    name: str,
    *,
    vpc_id: Input[str],
    route_table_ids: Sequence[Input[str]],
    account: Account,
    organization_id: str | None,
    opts: pulumi.ResourceOptions,
) -> None:
    """Keep the lake's traffic off NAT, and let no stranger's bucket be written through it."""
    VpcEndpoint(
        name,
        vpc_id=vpc_id,
        service_name=f"com.amazonaws.{account.region}.s3",
        vpc_endpoint_type="Gateway",
        route_table_ids=route_table_ids,
        policy=document(
            allow(
                "OwnBuckets",
                principals="*",
                # All of S3, and not objects alone: who deploys from inside the VPC goes through it, too.
                actions=["s3:*"],
                resources=["*"],
                conditions={
                    "StringEquals": _own_callers(account, organization_id)
                    | _own_resources(account, organization_id)
                },
            ),
            allow(
                "ImageLayers",
                principals="*",
                actions=["s3:GetObject"],
                resources=[
                    account.bucket_arn(bucket.format(region=account.region), "*") for bucket in _IMAGE_BUCKETS
                ],
            ),
        ),
        tags={"Name": name},
        opts=opts,
    )


def connect_services(
    name: str,
    services: Sequence[str],
    *,
    vpc_id: Input[str],
    client_ranges: Sequence[str],
    subnet_ids: Sequence[Input[str]],
    account: Account,
    organization_id: str | None,
    opts: pulumi.ResourceOptions,
) -> None:
    """Give each service private addresses in the subnets, under its public name.

    Args:
        name: of the security group, and what the endpoints' names begin with.
        services: as the end of an endpoint's service name, e.g. `ecr.api`.
        vpc_id: the network.
        client_ranges: from where they may be called.
        subnet_ids: one in each zone.
        account: whose identities may call, and whose resources they may reach.
        organization_id: an organisation whose resources may be reached as well, and that callers belong to.
        opts: options of all resources; they name the parent.
    """
    if not services:
        return
    group = create_group(
        name,
        description="Addresses of the VPC that may call AWS services by their endpoints",
        vpc_id=vpc_id,
        opts=opts,
    )
    for number, address_range in enumerate(client_ranges):
        rule = f"{name}-{number}" if number else name
        admit(rule, group, service="HTTPS", port=_HTTPS, address_range=address_range, opts=opts)
    for service in services:
        endpoint = f"{name}-{service.replace('.', '-')}"
        VpcEndpoint(
            endpoint,
            vpc_id=vpc_id,
            service_name=f"com.amazonaws.{account.region}.{service}",
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=subnet_ids,
            security_group_ids=[group.id],
            policy=document(*_statements(service, account, organization_id)),
            tags={"Name": endpoint},
            opts=opts,
        )


def _statements(service: str, account: Account, organization_id: str | None) -> list[Statement]:
    """What may be called: all of the service, by our own callers, on resources of ours.

    `IfExists`, because some calls (`ec2:CreateVolume`) carry no owner of a resource; see
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    callers = _own_callers(account, organization_id)
    conditions: Conditions = {
        "StringEquals": callers,
        "StringEqualsIfExists": _own_resources(account, organization_id),
    }
    own = allow("OwnResources", principals="*", actions=["*"], resources=["*"], conditions=conditions)
    return [own, *_of_amazon(service, account, callers)]


def _of_amazon(service: str, account: Account, callers: dict[str, str]) -> list[Statement]:
    """What lies in accounts of Amazon's, and our own callers may use all the same.

    https://github.com/aws-samples/data-perimeter-policy-examples/blob/main/service_owned_resources.md
    """
    ours: Conditions = {"StringEquals": callers}
    if service.startswith("ecr."):
        # Images of EKS' add-ons are in registries of AWS, in other accounts by region: they may be read.
        return [allow("PullImages", principals="*", actions=_PULL, resources=["*"], conditions=ours)]
    if service == "ec2":
        return [
            allow(
                "LaunchImagesOfAmazon",
                principals="*",
                actions=["ec2:CreateFleet", "ec2:RunInstances"],
                resources=[account.public_arn("ec2", f"{kind}/*") for kind in ("image", "snapshot")],
                conditions={**ours, "StringEqualsIfExists": {"ec2:Owner": "amazon"}},
            )
        ]
    if service == "ssm":
        # Where Karpenter looks up which image a version of the nodes' system is.
        return [
            allow(
                "ReadPublicParameters",
                principals="*",
                actions=["ssm:GetParameter"],
                resources=[account.public_arn("ssm", "parameter/aws/service/*")],
                conditions=ours,
            )
        ]
    return []


def _own_callers(account: Account, organization_id: str | None) -> dict[str, str]:
    """Credentials of another account, carried into the VPC, are of no use there."""
    member = {"aws:PrincipalOrgID": organization_id} if organization_id else {}
    return {"aws:PrincipalAccount": account.id} | member


def _own_resources(account: Account, organization_id: str | None) -> dict[str, str]:
    if organization_id:
        return {"aws:ResourceOrgID": organization_id}
    return {"aws:ResourceAccount": account.id}
