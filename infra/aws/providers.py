"""The providers of a stack: one for each region that something of it is in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi_aws.provider import Provider

from infra.aws.account import aws_provider
from infra.aws.edge import EDGE_REGION
from infra.settings.models import Settings


@dataclass(frozen=True, kw_only=True)
class Providers:
    """What resources are created through.

    Args:
        home: the provider of the environment's own region.
        edge: that of the region of CloudFront's certificates, where the settings ask for an edge.
        second: that of the region that lake and backups are copied to, if they are.
    """

    home: Provider
    edge: Provider | None
    second: Provider | None


def aws_providers(settings: Settings, tags: Mapping[str, str]) -> Providers:
    """Providers for what the settings ask for; every resource that can have tags gets `tags`."""
    recovery = settings.platform.recovery
    return Providers(
        home=aws_provider(settings.region, tags),
        edge=aws_provider(EDGE_REGION, tags, name="aws-edge") if settings.platform.edge else None,
        second=aws_provider(recovery.region, tags, name="aws-second") if recovery else None,
    )
