"""EC2 fleets: their instances are in the security groups that their launch template names.

moto looks for them where Spot requests have them, and puts the instances into the default group.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.ec2.models.fleets import Fleet

from groundplan.rehearsal.emulator.patching import wrap


def install() -> None:
    """Apply all; a second call changes nothing."""
    wrap(Fleet, "create_spot_requests", _in_groups)
    wrap(Fleet, "create_on_demand_requests", _in_groups)


def _in_groups(original: Callable[..., Any], fleet: Any, weight: float) -> Any:
    for spec in fleet.launch_specs:
        named = spec.launch_template_spec or {}
        if not spec.group_set and "LaunchTemplateId" in named:
            template = fleet.ec2_backend.get_launch_template(template_id=named["LaunchTemplateId"])
            spec.group_set = _groups(template.get_version(named["Version"]).data)
    return original(fleet, weight)


def _groups(data: dict[str, Any]) -> list[str]:
    """Of the template itself, or of its first network interface."""
    interfaces = data.get("NetworkInterfaces") or [{}]
    first = interfaces[0]
    return data.get("SecurityGroupIds") or first.get("Groups") or first.get("SecurityGroupId") or []
