"""What a preview can promise: the dry run's object, with what only a real creation decides left unknown."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy

from groundplan.rehearsal.providers.kubernetes.objects import Object, outputs
from groundplan.rehearsal.providers.kubernetes.values import UNKNOWN, Value, reveal

_DECIDED_AT_CREATION = ("uid", "resourceVersion", "creationTimestamp", "generation")
_ALLOCATED: dict[str, tuple[str, ...]] = {
    "Service": ("clusterIP", "clusterIPs", "healthCheckNodePort", "ports"),
    "PersistentVolumeClaim": ("volumeName",),
    "Pod": ("nodeName",),
    "Job": ("selector",),
}
"""Fields of `spec` that the server fills in anew for each object."""


def of_creation(inputs: Mapping[str, Value], applied: Object | None, manager: str) -> dict[str, Value]:
    """Outputs of an object that does not exist yet.

    Args:
        inputs: may hold unknowns.
        applied: the result of a dry run, or None where none was possible.
        manager: the field manager.
    """
    found: dict[str, Value] = outputs(
        applied if applied is not None else dict(deepcopy(inputs)), inputs, manager
    )
    meta = reveal(found.get("metadata"))
    if isinstance(meta, dict):
        found["metadata"] = {**meta, **dict.fromkeys(_DECIDED_AT_CREATION, UNKNOWN)}
    spec, given = found.get("spec"), reveal(inputs.get("spec"))
    if isinstance(spec, dict) and isinstance(given, dict):
        for key in _ALLOCATED.get(str(found.get("kind")), ()):
            if key not in given or key == "ports":
                spec[key] = given.get(key, UNKNOWN)
    found["status"] = UNKNOWN
    return found


def of_update(
    inputs: Mapping[str, Value], state: Mapping[str, Value], applied: Object | None, manager: str
) -> dict[str, Value]:
    """Outputs of an object that is about to change."""
    if applied is not None:
        return outputs(applied, inputs, manager)
    found = {**state, **deepcopy(dict(inputs))}
    old, new = reveal(state.get("metadata")), reveal(inputs.get("metadata"))
    if isinstance(old, dict) and isinstance(new, dict):
        found["metadata"] = {**old, **new}
    return found
