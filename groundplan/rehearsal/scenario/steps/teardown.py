"""After the destroy: nothing may be left, in the account or on the machine."""

from __future__ import annotations

from dataclasses import asdict
from urllib.parse import quote

from groundplan.rehearsal import kube_api, leftovers, supervisor
from groundplan.rehearsal.engines import engines_of
from groundplan.rehearsal.inventory import aws_inventory
from groundplan.rehearsal.scenario.stage import Stage

_TENANT_LABEL = "groundplan.dev/tenant"
"""What the program puts on everything of a tenant."""


def inventory(stage: Stage) -> None:
    """List what is left in the account, over every service that the program used."""
    with stage.noted(f"groundplan rehearse inventory {stage.world.id}"):
        found = aws_inventory(stage.world)
    left = {service: ids for service, ids in found.items() if ids}
    stage.record.figures["services"] = sorted(found)
    stage.record.figures["left"] = left
    stage.record.check("AWS resources left after destroy", expected={}, actual=left)
    if stage.world.scope == "all":
        namespaces = _tenant_namespaces(stage)
        stage.record.check("namespaces of tenants left after destroy", expected=[], actual=namespaces)


def stop(stage: Stage) -> None:
    """Stop the engines and count what the machine still holds of the rehearsal."""
    with stage.noted(f"groundplan rehearse down {stage.world.id}"):
        supervisor.stop(stage.world, engines_of(stage.world))
    left = asdict(leftovers.find(stage.world.id))
    stage.record.figures["left"] = left
    for kind, found in left.items():
        stage.record.check(f"{kind} left", expected=0, actual=len(found))
    leftovers.remove(stage.world.id)


def _tenant_namespaces(stage: Stage) -> list[str] | None:
    """Names of the tenants' namespaces, or None when the API server does not answer."""
    found = kube_api.get(stage.world, f"/api/v1/namespaces?labelSelector={quote(_TENANT_LABEL, safe='')}")
    return None if found is None else [item["metadata"]["name"] for item in found["items"]]
