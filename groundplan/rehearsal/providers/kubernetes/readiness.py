"""When an object counts as ready, as the official plugin sees it. Pure functions of live objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from groundplan.rehearsal.providers.kubernetes.objects import Object


@dataclass(frozen=True)
class Readiness:
    """Where an object stands.

    Args:
        ready: nothing is left to wait for.
        reason: what is missing, one phrase.
        failed: it will not become ready by itself.
    """

    ready: bool
    reason: str = ""
    failed: bool = False


READY = Readiness(ready=True)
Fetch = Callable[[str, str, str | None, str], list[Object]]
"""`(api_version, kind, namespace, label_selector)` -> objects; an empty selector means all."""


def waiting(reason: str) -> Readiness:
    """Not ready yet."""
    return Readiness(ready=False, reason=reason)


def failed(reason: str) -> Readiness:
    """Not ready, and no use to wait."""
    return Readiness(ready=False, reason=reason, failed=True)


def readiness(live: Object, fetch: Fetch) -> Readiness:
    """Whether an object is ready; kinds without a rule of their own are ready once they exist."""
    rule = _RULES.get((live.get("apiVersion", "").split("/")[0], live.get("kind", "")))
    return rule(live, fetch) if rule else READY


def _status(live: Object) -> dict[str, Any]:
    return live.get("status") or {}


def _condition(live: Object, name: str) -> dict[str, Any]:
    for condition in _status(live).get("conditions") or []:
        if condition.get("type") == name:
            return condition
    return {}


def _is_true(live: Object, name: str) -> bool:
    return _condition(live, name).get("status") == "True"


def _why(condition: dict[str, Any]) -> str:
    return ": ".join(text for text in (condition.get("reason"), condition.get("message")) if text)


def _observed(live: Object) -> bool:
    return _status(live).get("observedGeneration", 0) >= live["metadata"].get("generation", 0)


def _deployment(live: Object, _: Fetch) -> Readiness:
    if not _observed(live):
        return waiting("the Deployment controller has not seen the change yet")
    progressing = _condition(live, "Progressing")
    if progressing.get("status") == "False":
        return failed(f"the roll-out does not progress ({_why(progressing)})")
    status, wanted = _status(live), live["spec"].get("replicas", 1)
    updated, total = status.get("updatedReplicas", 0), status.get("replicas", 0)
    available = status.get("availableReplicas", 0)
    if updated < wanted:
        return waiting(f"{updated} of {wanted} pods updated")
    if total > updated:
        return waiting(f"{total - updated} pods of the old version are still there")
    return READY if available >= wanted else waiting(f"{available} of {wanted} pods available")


def _stateful_set(live: Object, _: Fetch) -> Readiness:
    if not _observed(live):
        return waiting("the StatefulSet controller has not seen the change yet")
    status, wanted = _status(live), live["spec"].get("replicas", 1)
    ready = status.get("readyReplicas", 0)
    if ready < wanted:
        return waiting(f"{ready} of {wanted} pods ready")
    on_delete = live["spec"].get("updateStrategy", {}).get("type") == "OnDelete"
    if wanted and not on_delete and status.get("currentRevision") != status.get("updateRevision"):
        return waiting(f"{status.get('updatedReplicas', 0)} of {wanted} pods updated")
    return READY


def _daemon_set(live: Object, _: Fetch) -> Readiness:
    if not _observed(live):
        return waiting("the DaemonSet controller has not seen the change yet")
    status = _status(live)
    wanted = status.get("desiredNumberScheduled", 0)
    updated, available = status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0)
    done = min(updated, available)
    return READY if done >= wanted else waiting(f"{done} of {wanted} pods updated and available")


def _job(live: Object, _: Fetch) -> Readiness:
    if live["spec"].get("suspend"):
        return READY
    if _is_true(live, "Complete"):
        return READY
    failure = _condition(live, "Failed")
    if failure.get("status") == "True":
        return failed(f"the Job failed ({_why(failure)})")
    status = _status(live)
    counts = (f"{status.get(key, 0)} {key}" for key in ("active", "succeeded", "failed"))
    return waiting(f"the Job has not completed ({', '.join(counts)})")


def _pod(live: Object, _: Fetch) -> Readiness:
    phase = _status(live).get("phase", "Pending")
    if phase == "Succeeded" or _is_true(live, "Ready"):
        return READY
    if phase == "Failed":
        return failed(f"the Pod failed ({_status(live).get('reason') or 'see its containers'})")
    not_ready = _condition(live, "Ready") or _condition(live, "PodScheduled")
    return waiting(f"the Pod is {phase} ({_why(not_ready) or 'not ready'})")


def _service(live: Object, fetch: Fetch) -> Readiness:
    spec, meta = live["spec"], live["metadata"]
    if spec.get("type") == "LoadBalancer" and not _status(live).get("loadBalancer", {}).get("ingress"):
        return waiting("no load balancer address yet")
    headless = spec.get("clusterIP") == "None"
    if spec.get("type") == "ExternalName" or headless or not spec.get("selector"):
        return READY
    selector = f"kubernetes.io/service-name={meta['name']}"
    slices = fetch("discovery.k8s.io/v1", "EndpointSlice", meta.get("namespace"), selector)
    # A pod that is not ready yet counts, as with the official plugin: the Service has found its pods.
    return READY if any(part.get("endpoints") for part in slices) else waiting("no Pod matches spec.selector")


def _ingress(live: Object, _: Fetch) -> Readiness:
    return READY if _status(live).get("loadBalancer", {}).get("ingress") else waiting("no address yet")


def _claim(live: Object, fetch: Fetch) -> Readiness:
    phase = _status(live).get("phase", "Pending")
    if phase == "Bound":
        return READY
    name = live["spec"].get("storageClassName")
    classes = fetch("storage.k8s.io/v1", "StorageClass", None, "")
    mode = next((c.get("volumeBindingMode") for c in classes if c["metadata"]["name"] == name), None)
    if mode == "WaitForFirstConsumer":
        return READY
    return waiting(f"the claim is {phase}")


def _volume(live: Object, _: Fetch) -> Readiness:
    phase = _status(live).get("phase", "Pending")
    return READY if phase in {"Available", "Bound"} else waiting(f"the volume is {phase}")


def _namespace(live: Object, _: Fetch) -> Readiness:
    phase = _status(live).get("phase")
    return READY if phase == "Active" else waiting(f"the namespace is {phase or 'not active'}")


def _quota(live: Object, _: Fetch) -> Readiness:
    hard = live["spec"].get("hard") or {}
    return READY if _status(live).get("hard", {}) == hard else waiting("the quota is not in force yet")


def _secret(live: Object, _: Fetch) -> Readiness:
    if live.get("type") == "kubernetes.io/service-account-token" and not (live.get("data") or {}).get(
        "token"
    ):
        return waiting("the token is not there yet")
    return READY


def _definition(live: Object, _: Fetch) -> Readiness:
    names = _condition(live, "NamesAccepted")
    if names.get("status") == "False":
        return failed(f"its names are not accepted ({_why(names)})")
    return READY if _is_true(live, "Established") else waiting("the kind is not served yet")


def _api_service(live: Object, _: Fetch) -> Readiness:
    available = _condition(live, "Available")
    return READY if available.get("status") == "True" else waiting(_why(available) or "not available yet")


_RULES: dict[tuple[str, str], Callable[[Object, Fetch], Readiness]] = {
    ("v1", "Namespace"): _namespace,
    ("v1", "PersistentVolume"): _volume,
    ("v1", "PersistentVolumeClaim"): _claim,
    ("v1", "Pod"): _pod,
    ("v1", "ResourceQuota"): _quota,
    ("v1", "Secret"): _secret,
    ("v1", "Service"): _service,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("apiregistration.k8s.io", "APIService"): _api_service,
    ("batch", "Job"): _job,
    ("networking.k8s.io", "Ingress"): _ingress,
}
