"""Which instance types a node group launches."""

from __future__ import annotations

from policies.core.resources import Resource, Stack

_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"


def instance_types(group: Resource, stack: Stack) -> tuple[str, ...]:
    """Those of the group or, where it names none, as for a Capacity Block, that of its launch template."""
    own = tuple(group.view.texts("instanceTypes"))
    if own:
        return own
    templates = stack.referred(group, "launchTemplate", _TEMPLATE)
    return tuple(kind for template in templates if (kind := template.view.text("instanceType")))
