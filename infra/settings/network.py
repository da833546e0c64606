"""Settings of the network."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.settings.base import RetentionDays, SettingsModel
from infra.settings.types import AvailabilityZone, CallerRange, VpcRange, refusal

EndpointService = Literal[
    "aps-workspaces",
    "autoscaling",
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "eks",
    "eks-auth",
    "elasticloadbalancing",
    "kms",
    "logs",
    "monitoring",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "sts",
]
"""Services with interface endpoints that something of the platform calls."""
OrganizationId = Annotated[str, Field(pattern=r"^o-[a-z0-9]{10,32}$")]


class TransitGatewaySettings(SettingsModel):
    """The way to networks outside AWS: VPN, Direct Connect, and what else hangs on the gateway."""

    id: Annotated[str, Field(pattern=r"^tgw-[0-9a-f]{17}$")]
    """A transit gateway of the region, in this account or shared with it. It has to accept attachments by
    itself (`AutoAcceptSharedAttachments`), or the first update waits in vain."""
    ranges: Annotated[tuple[CallerRange, ...], Field(min_length=1, max_length=20)]
    """Where it leads: private ranges that are not inside the VPC's."""


class NetworkSettings(SettingsModel):
    """The VPC."""

    vpc_range: VpcRange
    """Private range of the whole VPC, /16 to /20. Must not overlap any network it is ever connected to."""
    zones: Annotated[tuple[AvailabilityZone, ...], Field(min_length=3, max_length=3)]
    """Three availability zones of the region."""
    nat_gateways: Literal["one", "one-per-zone"] = "one"
    """`one` is cheap; `one-per-zone` survives the loss of a zone and avoids traffic between zones."""
    endpoints: Annotated[tuple[EndpointService, ...], Field(max_length=16)] = ()
    """Services that are reached by private addresses in all three zones, not through NAT. Each costs by zone
    and hour. S3 has an endpoint always, which costs nothing."""
    transit_gateway: TransitGatewaySettings | None = None
    """The way to networks outside AWS. Without it nothing there reaches the cluster's API server or data."""
    organization_id: OrganizationId | None = None
    """AWS organisation of the account: endpoints then let its members' resources be reached, and nobody
    else's. Without it they reach those of this account only."""
    security_group_rules: Annotated[int, Field(ge=60, le=1000)] = 60
    """Inbound rules that a security group may have, by the account's quota. Each tenant's load balancer adds
    to the nodes' group: two for each zone, three for each of its caller ranges."""
    flow_log_retention_days: RetentionDays = 30
    """How long the VPC's flow logs are kept."""

    @model_validator(mode="after")
    def _leads_elsewhere(self) -> Self:
        for number, one in enumerate(self.transit_gateway.ranges if self.transit_gateway else ()):
            if one.subnet_of(self.vpc_range):
                raise refusal(
                    f"the range is inside vpc_range ({self.vpc_range}), whose traffic never leaves it",
                    allowed="private ranges of networks outside",
                    key=("transit_gateway", "ranges", str(number)),
                )
        return self
