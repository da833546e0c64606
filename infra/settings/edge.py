"""Settings of the public edge."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.settings import checks
from infra.settings.base import RetentionDays, SettingsModel

DomainName = Annotated[
    str, Field(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}$", max_length=200)
]


class EdgeSettings(SettingsModel):
    """What the public calls: a name, CloudFront, a firewall, and the way to a healthy region behind them."""

    domain: DomainName
    """What people call, such as `ai.example.com`. Its hosted zone is made here: the zone above it has to
    delegate to the name servers in the stack's outputs, or the certificate is never issued."""
    origin: DomainName
    """Public name of this region's gateway, which speaks HTTPS with a certificate of `domain`, for requests
    keep the name that people called. Route 53's health checks come under the gateway's own name."""
    standby_origin: DomainName
    """What answers for the region while its gateway is not healthy: the gateway of another region. It needs a
    certificate of `domain` as well."""
    health_path: Annotated[str, Field(pattern=r"^/[A-Za-z0-9._/-]{0,200}$")] = "/healthz"
    """Path of the gateway that answers 200 to 399 while it is healthy; it is asked every ten seconds."""
    requests_per_address: Annotated[int, Field(ge=10, le=2_000_000_000)] = 2000
    """Requests of one address in five minutes, above which it is refused for a while."""
    price_class: Literal["PriceClass_100", "PriceClass_200", "PriceClass_All"] = "PriceClass_100"
    """Where CloudFront answers: Europe, Israel and North America; most of the world; everywhere."""
    log_retention_days: RetentionDays = 30
    """How long the logs of requests and of the firewall are kept."""

    @model_validator(mode="after")
    def _no_loop(self) -> Self:
        checks.outside_domain(self.domain, origin=self.origin, standby_origin=self.standby_origin)
        return self
