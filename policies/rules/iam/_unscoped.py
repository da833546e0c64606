"""Actions that no policy can scope to a resource: data in `_unscoped.yaml`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from policies.core.yaml_text import parse_yaml

_FILE = Path(__file__).with_name("_unscoped.yaml")


@cache
def unscoped_actions() -> frozenset[str]:
    """All of them as `service:action`, in lower case."""
    services = parse_yaml(_FILE.read_text(encoding="utf-8"))
    return frozenset(
        f"{service}:{action}".lower() for service, actions in services.items() for action in actions
    )
