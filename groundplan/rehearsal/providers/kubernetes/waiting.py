"""Wait for an object to become ready, or to be gone, by asking until a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from groundplan.rehearsal.providers.kubernetes.client import ApiError, CancelledError, Client, Patience
from groundplan.rehearsal.providers.kubernetes.discovery import Discovery, ResourceType
from groundplan.rehearsal.providers.kubernetes.objects import Object
from groundplan.rehearsal.providers.kubernetes.readiness import READY, Readiness, failed, readiness, waiting

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 1.0
_MAX_EVENTS = 8


@dataclass(frozen=True, kw_only=True)
class Watcher:
    """Asks one API server about its objects.

    Args:
        client: its client.
        discovery: its kinds.
        cancelled: ends every wait with `CancelledError`.
        report: gets what is waited for, each time it changes.
    """

    client: Client
    discovery: Discovery
    cancelled: threading.Event
    report: Callable[[str], None]

    def until(self, probe: Callable[[], Readiness], timeout_s: float) -> Readiness:
        """Ask until ready or failed; after `timeout_s` seconds, the last answer."""
        deadline, pause_s, told = time.monotonic() + timeout_s, _FIRST_PAUSE_S, ""
        while True:
            found = probe()
            if found.ready or found.failed or time.monotonic() >= deadline:
                return found
            if found.reason != told:
                told = found.reason
                self.report(f"Waiting: {told}")
            if self.cancelled.wait(min(pause_s, max(0.0, deadline - time.monotonic()))):
                raise CancelledError
            pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)

    def get(self, kind: ResourceType, namespace: str | None, name: str) -> Object | None:
        """The live object, or None when there is none."""
        patience = Patience(seconds=30, cancelled=self.cancelled)
        try:
            return self.client.request("GET", kind.path(namespace, name), patience=patience)
        except ApiError as error:
            if error.not_found:
                return None
            raise

    def ready(
        self, kind: ResourceType, namespace: str | None, name: str, timeout_s: float
    ) -> tuple[Readiness, Object | None]:
        """Wait until an object is ready; also returns it as it was seen last."""
        seen: list[Object] = []

        def probe() -> Readiness:
            live = self.get(kind, namespace, name)
            if live is None:
                return failed("somebody deleted it")
            seen[:] = [live]
            return readiness(live, self.fetch)

        found = self.until(probe, timeout_s)
        return found, seen[0] if seen else None

    def gone(self, kind: ResourceType, namespace: str | None, name: str, timeout_s: float) -> Readiness:
        """Wait until an object (this very one, not a later one of the same name) is gone."""
        first = self.get(kind, namespace, name)

        def probe() -> Readiness:
            live = self.get(kind, namespace, name)
            if live is None or first is None or live["metadata"]["uid"] != first["metadata"]["uid"]:
                return READY
            return waiting(_what_keeps(live))

        return self.until(probe, timeout_s)

    def fetch(self, api_version: str, kind: str, namespace: str | None, selector: str) -> list[Object]:
        """Objects of a kind, by labels."""
        found = self.discovery.find(api_version, kind)
        if found is None:
            return []
        query = {"labelSelector": selector} if selector else None
        return self.client.request("GET", found.collection(namespace), query=query).get("items") or []

    def explain(self, live: Object) -> list[str]:
        """What the cluster knows about an object that did not become ready: conditions, pods, events."""
        meta = live["metadata"]
        lines = [_describe(c) for c in (live.get("status") or {}).get("conditions") or [] if _is_bad(c)]
        labels = ((live.get("spec") or {}).get("selector") or {}).get("matchLabels")
        pods = self.fetch("v1", "Pod", meta.get("namespace"), _selector(labels)) if labels else []
        for pod in pods:
            lines += _pod_lines(pod)
        concerned = {meta["uid"], *(pod["metadata"]["uid"] for pod in pods)}
        return lines + self._events(meta.get("namespace") or "default", concerned)

    def _events(self, namespace: str, uids: set[str]) -> list[str]:
        events = [
            event
            for event in self.fetch("v1", "Event", namespace, "")
            if event.get("involvedObject", {}).get("uid") in uids and event.get("type") == "Warning"
        ]
        events.sort(key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")
        return [
            f"Event on {event['involvedObject'].get('kind')} {event['involvedObject'].get('name')}: "
            f"{event.get('reason')}: {event.get('message')}"
            for event in events[-_MAX_EVENTS:]
        ]


def _selector(labels: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in labels.items())


def _is_bad(condition: dict[str, Any]) -> bool:
    healthy = "False" if condition.get("type") in {"Failed", "ReplicaFailure", "FailureTarget"} else "True"
    return condition.get("status") != healthy


def _describe(condition: dict[str, Any]) -> str:
    return (
        f"Condition {condition.get('type')}={condition.get('status')}: "
        f"{condition.get('reason', '')}: {condition.get('message', '')}"
    )


def _pod_lines(pod: Object) -> list[str]:
    status, name, lines = pod.get("status") or {}, pod["metadata"]["name"], []
    for container in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        state = container.get("state") or {}
        stopped = state.get("waiting") or state.get("terminated")
        if stopped and stopped.get("reason") != "Completed":
            lines.append(
                f"Pod {name}, container {container['name']}: "
                f"{stopped.get('reason')}: {stopped.get('message', '')}"
            )
    return lines


def _what_keeps(live: Object) -> str:
    finalizers = [
        *(live["metadata"].get("finalizers") or []),
        *(live.get("spec", {}).get("finalizers") or []),
    ]
    held = [
        condition.get("message", "")
        for condition in (live.get("status") or {}).get("conditions") or []
        if condition.get("type", "").endswith(("Remaining", "Failure")) and condition.get("status") == "True"
    ]
    parts = [f"finalizers {', '.join(finalizers)}"] if finalizers else []
    return "still being deleted" + (f" ({'; '.join(parts + held)})" if parts or held else "")
