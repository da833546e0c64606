"""DiffConfig: does a changed provider configuration still mean the same cluster?"""

from __future__ import annotations

from collections.abc import Mapping

from groundplan.errors import GroundplanError
from groundplan.rehearsal.providers.kubernetes import kubeconfig
from groundplan.rehearsal.providers.kubernetes.settings import parse
from groundplan.rehearsal.providers.kubernetes.values import Value, has_unknown, reveal


def compare(olds: Mapping[str, Value], news: Mapping[str, Value]) -> tuple[list[str], list[str]]:
    """Names of the settings that changed, and of those for which everything must be replaced."""
    old, new = reveal(dict(olds)), reveal(dict(news))
    changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    if has_unknown(new):
        return changed, []  # the same cluster, until it is known to be another
    if old.get("clusterIdentifier") and new.get("clusterIdentifier"):
        return changed, ["clusterIdentifier"] if "clusterIdentifier" in changed else []
    moved = changed and _server(old) != _server(new)
    return changed, [
        name for name in ("cluster", "context", "kubeconfig") if name in changed
    ] if moved else []


def _server(properties: Mapping[str, Value]) -> str | None:
    settings = parse(properties)
    if not settings.kubeconfig:
        return None
    try:
        return kubeconfig.load(settings.kubeconfig, context=settings.context, cluster=settings.cluster).server
    except GroundplanError:
        return None  # the old file may be gone; Configure tells about a wrong new one
