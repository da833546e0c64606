"""What DRANET publishes of a node with Elastic Fabric Adapters: no such device can be here, nor can it run.

The scheduler allocates them. A kubelet that has to hand one to a container waits for the driver.
"""

from __future__ import annotations

from typing import Any

from kubernetes.client import ApiClient, ResourceV1Api
from kubernetes.client.exceptions import ApiException

DRIVER = "dra.net"
_DEVICE = "Elastic Fabric Adapter (EFA)"
_NOT_FOUND = 404

Json = dict[str, Any]


def publish(client: ApiClient, node: Json, adapters: int) -> None:
    """Let a node have so many adapters, or none.

    Args:
        client: connection to the API server.
        node: the node, as the API server has it.
        adapters: how many.
    """
    api = ResourceV1Api(client)
    name = f"{node['metadata']['name']}-{DRIVER}"
    published = _published(client, api, name)
    if published is not None and len(published["spec"]["devices"]) != adapters:
        api.delete_resource_slice(name)
        published = None
    if published is None and adapters:
        api.create_resource_slice(_slice(name, node, adapters))


def _published(client: ApiClient, api: ResourceV1Api, name: str) -> Json | None:
    try:
        return client.sanitize_for_serialization(api.read_resource_slice(name))
    except ApiException as error:
        if error.status != _NOT_FOUND:
            raise
        return None


def _slice(name: str, node: Json, adapters: int) -> Any:
    """The driver's object for a node; it goes when the node goes."""
    metadata = node["metadata"]
    owner = {"apiVersion": "v1", "kind": "Node", "name": metadata["name"], "uid": metadata["uid"]}
    return {
        "metadata": {"name": name, "ownerReferences": [owner]},
        "spec": {
            "driver": DRIVER,
            "nodeName": metadata["name"],
            "pool": {"name": metadata["name"], "generation": 1, "resourceSliceCount": 1},
            "devices": [
                {
                    "name": f"efa-{number}",
                    "attributes": {
                        f"{DRIVER}/pciDevice": {"string": _DEVICE},
                        f"{DRIVER}/rdma": {"bool": True},
                    },
                }
                for number in range(adapters)
            ],
        },
    }
