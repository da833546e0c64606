"""What the API server calls a kind: the resource's path and whether it lives in a namespace."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from groundplan.rehearsal.providers.kubernetes.client import ApiError, Client, Patience, escape


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """A kind of object that the server serves.

    Args:
        api_version: `v1` or `group/version`.
        kind: such as `Deployment`.
        plural: as in the path, such as `deployments`.
        namespaced: whether its objects live in namespaces.
    """

    api_version: str
    kind: str
    plural: str
    namespaced: bool

    def collection(self, namespace: str | None) -> str:
        """Path of the objects of this kind."""
        inside = f"/namespaces/{escape(namespace or 'default')}" if self.namespaced else ""
        return f"{group_path(self.api_version)}{inside}/{self.plural}"

    def path(self, namespace: str | None, name: str) -> str:
        """Path of one object."""
        return f"{self.collection(namespace)}/{escape(name)}"


def group_path(api_version: str) -> str:
    """Path of an API version: the core group has a place of its own."""
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


class Discovery:
    """Asks the server once per API version, and again for a kind that was not there before. Thread-safe."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], ResourceType] = {}

    def find(self, api_version: str, kind: str, patience: Patience | None = None) -> ResourceType | None:
        """The resource type, or None when the server does not serve it (yet).

        Raises:
            ApiError: the server refused to tell.
            UnreachableError: the server does not answer.
        """
        with self._lock:
            if (api_version, kind) not in self._known:
                self._learn(api_version, patience)
            return self._known.get((api_version, kind))

    def _learn(self, api_version: str, patience: Patience | None) -> None:
        try:
            listing = self._client.request("GET", group_path(api_version), patience=patience)
        except ApiError as error:
            if error.not_found:
                return
            raise
        for entry in listing.get("resources", []):
            if "/" not in entry["name"]:  # the others are subresources, such as deployments/scale
                found = ResourceType(
                    api_version=api_version,
                    kind=entry["kind"],
                    plural=entry["name"],
                    namespaced=entry["namespaced"],
                )
                self._known[api_version, found.kind] = found
