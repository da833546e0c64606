"""States as `pulumi stack export` writes them, made from golden stacks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from policies.core.resources import Resource

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


def state_of(resources: Sequence[Resource]) -> dict[str, Any]:
    """The state of resources whose values are all known."""
    return {
        "version": 3,
        "deployment": {
            "resources": [
                {
                    "urn": each.urn,
                    "type": each.type,
                    "inputs": dict(each.properties),
                    "parent": each.parent,
                    "dependencies": list(each.dependencies),
                    "propertyDependencies": {
                        key: list(urns) for key, urns in each.property_dependencies.items()
                    },
                    "protect": each.protect,
                }
                for each in resources
            ]
        },
    }


def secret(value: Any) -> dict[str, Any]:
    """A secret as `--show-secrets` writes it."""
    return {**SECRET, "plaintext": json.dumps(value)}
