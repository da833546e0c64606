"""The loop of a controller: reconcile after each change and from time to time; failures are tried again."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from kubernetes.client import ApiClient
from kubernetes.client.exceptions import ApiException
from kubernetes.watch import Watch
from urllib3.exceptions import HTTPError

log = logging.getLogger(__name__)

_RESYNC_S = 10.0
_RETRY_S = 0.5
_WATCH_S = 60

MERGE_PATCH = "application/merge-patch+json"

Lister = Callable[..., Any]
"""A list method of the Kubernetes client that can be watched."""


class Controller(ABC):
    """Makes the cluster as it should be, again and again.

    Class attributes:
        name: for the log and the threads.

    Args:
        client: connection to the API server, which need not answer yet.
    """

    name: ClassVar[str]

    def __init__(self, client: ApiClient) -> None:
        self.client = client
        self._dirty = threading.Event()
        self._over = threading.Event()
        self._failure = ""

    @abstractmethod
    def reconcile(self) -> None:
        """Compare what is with what should be, and change what differs. Safe to repeat at any time."""

    def watched(self) -> tuple[tuple[Lister, dict[str, Any]], ...]:
        """What of the cluster to watch: list methods with their arguments."""
        return ()

    def wake(self) -> None:
        """Reconcile soon."""
        self._dirty.set()

    def as_json(self, answer: Any) -> Any:
        """An answer of the typed client as the JSON that the API server sent."""
        return self.client.sanitize_for_serialization(answer)

    def start(self) -> None:
        """Run in the background."""
        self.wake()
        threading.Thread(target=self._run, name=self.name, daemon=True).start()
        for lister, arguments in self.watched():
            threading.Thread(
                target=self._watch, args=(lister, arguments), name=f"{self.name}-watch", daemon=True
            ).start()

    def stop(self) -> None:
        """End the loop; a reconciliation that runs is finished."""
        self._over.set()
        self._dirty.set()

    def _run(self) -> None:
        while not self._over.is_set():
            self._dirty.wait(_RESYNC_S)
            self._dirty.clear()
            try:
                if not self._over.is_set():
                    self.reconcile()
                self._report("")
            except (ApiException, HTTPError, OSError) as error:
                self._retry(_brief(error))
            except Exception as error:
                log.exception("%s failed", self.name)
                self._retry(repr(error))

    def _watch(self, lister: Lister, arguments: dict[str, Any]) -> None:
        while not self._over.is_set():
            try:
                for _ in Watch().stream(lister, timeout_seconds=_WATCH_S, **arguments):
                    self.wake()
            except (ApiException, HTTPError, OSError):
                self._over.wait(_RETRY_S)

    def _retry(self, failure: str) -> None:
        self._report(failure)
        self._dirty.set()
        self._over.wait(_RETRY_S)

    def _report(self, failure: str) -> None:
        """Log a failure once, and its end."""
        if failure and failure != self._failure:
            log.warning("%s waits: %s", self.name, failure)
        elif self._failure and not failure:
            log.info("%s goes on", self.name)
        self._failure = failure


def _brief(error: Exception) -> str:
    if isinstance(error, ApiException):
        return f"the API server answered {error.status} {error.reason}: {error.body}"
    return f"the API server does not answer ({type(error).__name__})"
