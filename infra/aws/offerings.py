"""Where EC2 offers instance types."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pulumi
from pulumi_aws.ec2.get_instance_type_offerings import get_instance_type_offerings
from pulumi_aws.provider import Provider

from infra.aws.providers import Providers
from infra.settings import Settings
from infra.settings.errors import SettingsError
from infra.settings.offerings import instance_types, refuse_unoffered


def require_offered(settings: Settings, providers: Providers) -> None:
    """Ask EC2 whether each pool can have its instance types where it is, and where it would be after a loss.

    Raises:
        pulumi.RunError: it cannot; Pulumi shows the message and no traceback.
    """
    types = instance_types(settings.platform)
    here = _zones_by_type(types, providers.home)
    there = _zones_by_type(types, providers.second) if providers.second else {}
    try:
        refuse_unoffered(settings, here, there)
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None


def _zones_by_type(types: Sequence[str], provider: Provider) -> dict[str, list[str]]:
    answer = get_instance_type_offerings(
        filters=[{"name": "instance-type", "values": list(types)}],
        location_type="availability-zone",
        opts=pulumi.InvokeOptions(provider=provider),
    )
    zones = defaultdict[str, list[str]](list)
    for name, zone in zip(answer.instance_types, answer.locations, strict=True):
        zones[name].append(zone)
    return zones
