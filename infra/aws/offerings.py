"""Where EC2 offers instance types."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pulumi
from pulumi_aws.ec2.get_instance_type_offerings import get_instance_type_offerings
from pulumi_aws.provider import Provider

from infra.settings import Settings
from infra.settings.errors import SettingsError
from infra.settings.offerings import instance_types, refuse_unoffered


def require_offered(settings: Settings, provider: Provider) -> None:
    """Ask EC2 whether each pool can have its instance types where it is, and where it would be after a loss.

    Raises:
        pulumi.RunError: it cannot; Pulumi shows the message and no traceback.
    """
    platform = settings.platform
    types = instance_types(platform)
    second = platform.recovery.region if platform.recovery else None
    try:
        refuse_unoffered(
            settings,
            _zones_by_type(types, settings.region, provider),
            _zones_by_type(types, second, provider) if second else {},
        )
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None


def _zones_by_type(types: Sequence[str], region: str, provider: Provider) -> dict[str, list[str]]:
    answer = get_instance_type_offerings(
        filters=[{"name": "instance-type", "values": list(types)}],
        location_type="availability-zone",
        region=region,
        opts=pulumi.InvokeOptions(provider=provider),
    )
    zones = defaultdict[str, list[str]](list)
    for name, zone in zip(answer.instance_types, answer.locations, strict=True):
        zones[name].append(zone)
    return zones
