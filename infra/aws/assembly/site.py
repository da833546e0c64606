"""What all components of an environment are told alike."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi import ResourceOptions

from infra.aws.account import Account
from infra.planning.subnets import SubnetPlan
from infra.settings.models import PlatformSettings


@dataclass(frozen=True, kw_only=True)
class Site:
    """An environment's settings, and where it is built.

    Args:
        platform: the settings.
        account: account and region.
        subnets: the planned network.
        opts: options of every component of the region: they name its provider.
    """

    platform: PlatformSettings
    account: Account
    subnets: SubnetPlan
    opts: ResourceOptions

    @property
    def environment(self) -> str:
        """Its name."""
        return self.platform.environment

    @property
    def node_ranges(self) -> list[str]:
        """Where nodes have their addresses, by zone."""
        return [str(subnet.address_range) for subnet in self.subnets.private]

    @property
    def client_ranges(self) -> list[str]:
        """Where pods and nodes have theirs: a pod may also have one of its node's own subnet."""
        return [*self.node_ranges, *(str(subnet.address_range) for subnet in self.subnets.pods)]

    @property
    def tenants_with_filesystem(self) -> list[str]:
        """Tenants whose training reads from a file system of its own."""
        return [name for name, tenant in self.platform.tenants.items() if tenant.training.filesystem]

    def after(self, *resources: pulumi.Resource) -> ResourceOptions:
        """The options of a component that needs others to be there."""
        return ResourceOptions.merge(self.opts, ResourceOptions(depends_on=list(resources)))
