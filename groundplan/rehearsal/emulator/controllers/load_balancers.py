"""Services of type LoadBalancer get the node's address, at which kube-proxy answers for them."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any, ClassVar

from kubernetes.client import ApiClient, CoreV1Api

from groundplan.rehearsal.emulator.controllers.loop import MERGE_PATCH, Controller, Lister


class LoadBalancerController(Controller):
    """Keeps `status.loadBalancer` of every Service.

    Args:
        client: connection to the API server.
        address: what callers outside the cluster reach.
    """

    name: ClassVar[str] = "load-balancers"

    def __init__(self, client: ApiClient, address: IPv4Address) -> None:
        super().__init__(client)
        self._address = str(address)
        self._core = CoreV1Api(client)

    def watched(self) -> tuple[tuple[Lister, dict[str, Any]], ...]:
        """All Services."""
        return ((self._core.list_service_for_all_namespaces, {}),)

    def reconcile(self) -> None:
        """Give and take the address where that differs."""
        for service in self.as_json(self._core.list_service_for_all_namespaces())["items"]:
            metadata = service["metadata"]
            balanced = service["spec"].get("type") == "LoadBalancer" and "deletionTimestamp" not in metadata
            wanted = [{"ip": self._address}] if balanced else []
            ingress = service["status"].get("loadBalancer", {}).get("ingress", [])
            if [{"ip": item.get("ip")} for item in ingress] != wanted:
                self._core.patch_namespaced_service_status(
                    metadata["name"],
                    metadata["namespace"],
                    {"status": {"loadBalancer": {"ingress": wanted or None}}},
                    _content_type=MERGE_PATCH,
                )
