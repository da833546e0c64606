"""The pod webhook: a token and the agent's address for pods of an associated service account.

Pods that take their AWS endpoint from the ConfigMap `aws-endpoint` also get the certificate authority that
the ConfigMap points at.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

from groundplan.rehearsal.emulator.eks import pod_identity
from groundplan.rehearsal.emulator.eks.store import EksStore
from groundplan.rehearsal.emulator.webhooks.server import Review
from groundplan.rehearsal.world import POD_IDENTITY_ADDRESS

log = logging.getLogger(__name__)

AUDIENCE = "pods.eks.amazonaws.com"
ENDPOINT_CONFIG_MAP = "aws-endpoint"
AUTHORITY_CONFIG_MAP = "aws-endpoint-ca"
AUTHORITY_FILE = PurePosixPath("/var/run/configmaps") / AUTHORITY_CONFIG_MAP / "ca.crt"
"""Where containers find the certificate authority of the AWS APIs."""
_TOKEN = "eks-pod-identity-token"  # noqa: S105 - a volume's name
_TOKEN_FOLDER = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount"  # noqa: S105 - a path
_TOKEN_LIFETIME_S = 86_400

Patch = dict[str, Any]


class PodReviewer:
    """Answers AdmissionReviews of new pods.

    Args:
        store: the associations.
        prepare_namespace: called before a pod that gets credentials is admitted to a namespace.
    """

    def __init__(self, store: EksStore, *, prepare_namespace: Callable[[str], None]) -> None:
        self._store = store
        self._prepare_namespace = prepare_namespace

    def review(self, review: Review) -> Review:
        """Answer one AdmissionReview (admission.k8s.io/v1): always allowed, sometimes changed."""
        request = review["request"]
        namespace, pod = request["namespace"], request["object"]
        service_account = pod["spec"].get("serviceAccountName") or "default"
        response: Patch = {"uid": request["uid"], "allowed": True}
        associated = pod_identity.find(self._store, namespace, service_account) is not None
        patch = list(pod_patch(pod["spec"], self._store.region, associated=associated))
        if associated or patch:
            if not request.get("dryRun"):
                self._prepare_namespace(namespace)
            response["patchType"] = "JSONPatch"
            response["patch"] = base64.b64encode(json.dumps(patch).encode()).decode()
        if associated:
            log.info("a pod of %s/%s gets credentials", namespace, service_account)
        return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}


def pod_patch(spec: dict[str, Any], region: str, *, associated: bool) -> Iterator[Patch]:
    """JSON patch that adds volumes, mounts and variables; what a container sets itself stays.

    Args:
        spec: the pod's spec.
        region: AWS region.
        associated: whether the pod's service account has a role.
    """
    containers = [
        (f"/spec/{kind}/{index}", container)
        for kind in ("initContainers", "containers")
        for index, container in enumerate(spec.get(kind) or [])
    ]
    volumes = [_token_volume()] if associated else []
    if any(_takes_endpoint(container) for _, container in containers):
        volumes.append({"name": AUTHORITY_CONFIG_MAP, "configMap": {"name": AUTHORITY_CONFIG_MAP}})
    yield from _append(spec, "/spec", "volumes", volumes, key="name")
    for path, container in containers:
        mounts = [_mount(_TOKEN, _TOKEN_FOLDER)] if associated else []
        if _takes_endpoint(container):
            mounts.append(_mount(AUTHORITY_CONFIG_MAP, str(AUTHORITY_FILE.parent)))
        yield from _append(container, path, "volumeMounts", mounts, key="mountPath")
        variables = _variables(region) if associated else {}
        items = [{"name": name, "value": value} for name, value in variables.items()]
        yield from _append(container, path, "env", items, key="name")


def _takes_endpoint(container: dict[str, Any]) -> bool:
    sources = (source.get("configMapRef") or {} for source in container.get("envFrom") or [])
    return any(source.get("name") == ENDPOINT_CONFIG_MAP for source in sources)


def _token_volume() -> Patch:
    source = {"audience": AUDIENCE, "expirationSeconds": _TOKEN_LIFETIME_S, "path": _TOKEN}
    return {"name": _TOKEN, "projected": {"sources": [{"serviceAccountToken": source}]}}


def _mount(volume: str, folder: str) -> Patch:
    return {"name": volume, "mountPath": folder, "readOnly": True}


def _variables(region: str) -> dict[str, str]:
    return {
        "AWS_STS_REGIONAL_ENDPOINTS": "regional",
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{POD_IDENTITY_ADDRESS}/v1/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": f"{_TOKEN_FOLDER}/{_TOKEN}",
    }


def _append(holder: dict[str, Any], path: str, name: str, items: list[Patch], *, key: str) -> Iterator[Patch]:
    """Add the items whose `key` the holder's list does not have; one patch if there is no list yet."""
    present = {item[key] for item in holder.get(name) or []}
    missing = [item for item in items if item[key] not in present]
    if missing and not present:
        yield {"op": "add", "path": f"{path}/{name}", "value": missing}
    else:
        yield from ({"op": "add", "path": f"{path}/{name}/-", "value": item} for item in missing)
