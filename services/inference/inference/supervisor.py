"""Keeps Triton serving the version that the alias names.

A version that cannot be fetched, verified or loaded never replaces one that serves: it is reported, and tried
again later or when the alias moves.
"""

from __future__ import annotations

import logging
import time
from typing import Protocol

from groundplan_common.errors import ServiceError
from groundplan_common.registry import ModelMetadata, Registry

from inference.repository import ModelRepository

log = logging.getLogger("inference")


class Server(Protocol):
    """What the supervisor asks of Triton."""

    def load(self, model: str) -> None:
        """Load what the repository holds."""

    def ready(self, model: str, version: int) -> bool:
        """Tell whether a version answers."""
        ...


class Supervisor:
    """Moves the server from version to version.

    Args:
        alias: the alias followed.
        retry_interval_s: how often a version that failed is tried again.
    """

    def __init__(
        self,
        registry: Registry,
        repository: ModelRepository,
        server: Server,
        *,
        alias: str,
        retry_interval_s: float,
    ) -> None:
        self._registry = registry
        self._repository = repository
        self._server = server
        self._alias = alias
        self._retry_interval_s = retry_interval_s
        self._served: ModelMetadata | None = None
        self._wanted: int | None = None
        self._error: str | None = None
        self._retry_at = 0.0
        self._waiting_logged = False

    def state(self) -> dict[str, object]:
        """Return what is served, what is wanted, and why they differ, if they do."""
        served = self._served.version if self._served else None
        return {"model": self._registry.name, "version": served, "wanted": self._wanted, "error": self._error}

    def reconcile(self) -> None:
        """Look at the alias once and serve what it names; problems are logged, not raised."""
        try:
            alias = self._registry.alias(self._alias)
        except ServiceError as error:
            self._failed("cannot read the alias", error)
            return
        if alias is None:
            if not self._waiting_logged:
                log.info("waiting for the alias", extra={"model": self._registry.name, "alias": self._alias})
            self._waiting_logged = True
            return
        if alias.version != self._wanted:
            self._wanted, self._retry_at = alias.version, 0.0
        if self._served and self._served.version == alias.version:
            self._error = None
        elif time.monotonic() >= self._retry_at:
            self._move(alias.version)

    def _move(self, version: int) -> None:
        old = self._served
        try:
            metadata = self._repository.add(version)
            self._switch(metadata)
        except ServiceError as error:
            self._retry_at = time.monotonic() + self._retry_interval_s
            self._restore(version)
            self._failed(f"cannot serve version {version}", error)
            return
        self._served, self._error = metadata, None
        if old:
            self._repository.remove(old.version)
        log.info(
            "serving",
            extra={"model": metadata.name, "version": version, "before": old.version if old else None},
        )

    def _switch(self, metadata: ModelMetadata) -> None:
        self._repository.select(metadata)
        self._server.load(metadata.name)
        if not self._server.ready(metadata.name, metadata.version):
            raise ServiceError(f"Triton loaded version {metadata.version}, but it does not answer.")

    def _restore(self, version: int) -> None:
        self._repository.remove(version)
        if self._served:
            self._repository.select(self._served)

    def _failed(self, what: str, error: ServiceError) -> None:
        if self._error != error.message:
            serving = self._served.version if self._served else None
            extra = {"reason": error.message, "hint": error.hint, "still_serving": serving}
            log.error(what, extra=extra)
        self._error = error.message
