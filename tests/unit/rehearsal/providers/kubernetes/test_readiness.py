"""When objects count as ready."""

from __future__ import annotations

from typing import Any

import pytest

from groundplan.rehearsal.providers.kubernetes.readiness import readiness


def _nothing(*_: Any) -> list[dict[str, Any]]:
    return []


def _object(version: str, kind: str, spec: dict | None = None, status: dict | None = None) -> dict[str, Any]:
    meta = {"name": "x", "namespace": "n", "generation": 2}
    return {"apiVersion": version, "kind": kind, "metadata": meta, "spec": spec or {}, "status": status or {}}


def _condition(name: str, status: str, message: str = "") -> dict[str, Any]:
    return {"conditions": [{"type": name, "status": status, "message": message}], "observedGeneration": 2}


_ROLLED_OUT = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
_DAEMONS = {
    "observedGeneration": 2,
    "desiredNumberScheduled": 1,
    "updatedNumberScheduled": 1,
    "numberAvailable": 1,
}


@pytest.mark.parametrize(
    ("live", "ready"),
    [
        (_object("v1", "ConfigMap"), True),
        (_object("apps/v1", "Deployment", {"replicas": 2}, _ROLLED_OUT), True),
        (_object("apps/v1", "Deployment", {"replicas": 2}, _ROLLED_OUT | {"observedGeneration": 1}), False),
        (_object("apps/v1", "Deployment", {"replicas": 2}, _ROLLED_OUT | {"replicas": 3}), False),
        (_object("apps/v1", "Deployment", {"replicas": 2}, _ROLLED_OUT | {"availableReplicas": 1}), False),
        (_object("apps/v1", "DaemonSet", {}, _DAEMONS), True),
        (_object("apps/v1", "DaemonSet", {}, _DAEMONS | {"numberAvailable": 0}), False),
        (
            _object("apps/v1", "StatefulSet", {"replicas": 1}, {"observedGeneration": 2, "readyReplicas": 0}),
            False,
        ),
        (
            _object("apps/v1", "StatefulSet", {"replicas": 1}, {"observedGeneration": 2, "readyReplicas": 1}),
            True,
        ),
        (_object("batch/v1", "Job", {"suspend": True}), True),
        (_object("batch/v1", "Job", {}, {"active": 1}), False),
        (_object("batch/v1", "Job", {}, _condition("Complete", "True")), True),
        (_object("v1", "Pod", {}, {"phase": "Running"} | _condition("Ready", "True")), True),
        (_object("v1", "Pod", {}, {"phase": "Pending"}), False),
        (_object("v1", "Service", {"clusterIP": "None", "selector": {"a": "b"}}), True),
        (_object("v1", "Service", {"clusterIP": "1.2.3.4"}), True),
        (_object("v1", "Service", {"clusterIP": "1.2.3.4", "selector": {"a": "b"}}), False),
        (_object("v1", "Service", {"type": "LoadBalancer"}), False),
        (_object("v1", "Service", {"type": "LoadBalancer"}, {"loadBalancer": {"ingress": [{}]}}), True),
        (_object("v1", "Namespace", {}, {"phase": "Active"}), True),
        (_object("v1", "PersistentVolumeClaim", {}, {"phase": "Bound"}), True),
        (_object("v1", "PersistentVolumeClaim", {}, {"phase": "Pending"}), False),
        (_object("v1", "ResourceQuota", {"hard": {"pods": "1"}}), False),
        (_object("v1", "ResourceQuota", {"hard": {"pods": "1"}}, {"hard": {"pods": "1"}}), True),
        (
            _object(
                "apiextensions.k8s.io/v1", "CustomResourceDefinition", {}, _condition("Established", "True")
            ),
            True,
        ),
    ],
)
def test_ready(live: dict[str, Any], *, ready: bool) -> None:
    """Each kind by its own rule; what is not ready says why."""
    found = readiness(live, _nothing)
    assert found.ready is ready
    assert bool(found.reason) is not ready


@pytest.mark.parametrize(
    "live",
    [
        _object("apps/v1", "Deployment", {}, _condition("Progressing", "False", "deadline")),
        _object("batch/v1", "Job", {}, _condition("Failed", "True", "deadline")),
        _object(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            {},
            _condition("NamesAccepted", "False", "deadline"),
        ),
    ],
)
def test_no_use_to_wait(live: dict[str, Any]) -> None:
    """What failed for good is told at once, with the controller's words."""
    found = readiness(live, _nothing)
    assert found.failed
    assert "deadline" in found.reason


def test_service_is_ready_with_its_first_endpoint() -> None:
    """A Service that selects pods waits for one with an address, ready or not, as the official plugin."""
    service = _object("v1", "Service", {"clusterIP": "1.2.3.4", "selector": {"a": "b"}})
    assert readiness(service, lambda *_: [{"endpoints": [{"conditions": {"ready": True}}]}]).ready
    assert readiness(service, lambda *_: [{"endpoints": [{"conditions": {"ready": False}}]}]).ready
    assert not readiness(service, lambda *_: [{"endpoints": None}]).ready


def test_claim_that_waits_for_its_first_pod() -> None:
    """Nothing binds it before a pod uses it."""
    claim = _object("v1", "PersistentVolumeClaim", {"storageClassName": "late"}, {"phase": "Pending"})
    late = {"metadata": {"name": "late"}, "volumeBindingMode": "WaitForFirstConsumer"}
    assert readiness(claim, lambda *_: [late]).ready
