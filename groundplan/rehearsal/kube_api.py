"""Small client of a rehearsal's API server for what the engines themselves create and watch."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

import yaml

from groundplan.errors import GroundplanError
from groundplan.rehearsal.world import World

MANAGER = "groundplan-rehearsal"
"""Field manager, and value of the label `app.kubernetes.io/managed-by` on everything created here."""

_TIMEOUT_S = 10
_PROBE_TIMEOUT_S = 2

Manifest = dict[str, Any]


def apply(world: World, manifests: Sequence[Manifest]) -> None:
    """Create the objects, or bring them to what the manifests say (server-side apply), in the order given.

    Raises:
        GroundplanError: the API server refuses one, or does not answer.
    """
    for manifest in manifests:
        labelled = {**manifest, "metadata": {**manifest["metadata"]}}
        labels = manifest["metadata"].get("labels", {})
        labelled["metadata"]["labels"] = {**labels, "app.kubernetes.io/managed-by": MANAGER}
        path = f"{path_of(manifest)}?fieldManager={MANAGER}&force=true"
        try:
            _request(world, "PATCH", path, labelled)
        except urllib.error.HTTPError as error:
            reason = json.loads(error.read()).get("message", error.reason)
            raise GroundplanError(f"The API server refuses {path_of(manifest)}: {reason}") from error
        except OSError as error:
            raise GroundplanError(f"The API server of {world.id} does not answer: {error}") from error


def get(world: World, path: str) -> Manifest | None:
    """Read one object by its path, or None when it is not there or the API server does not answer."""
    try:
        return _request(world, "GET", path)
    except (OSError, ValueError):
        return None


def answers(world: World, path: str) -> bool:
    """Whether a path, of the API server or proxied by it, is answered with success right now."""
    try:
        request = urllib.request.Request(f"{world.api_server_url}{path}")  # noqa: S310 - always https
        with _open(world, request, _PROBE_TIMEOUT_S):
            return True
    except (OSError, ValueError):
        return False


def delete(world: World, path: str) -> None:
    """Begin to delete an object with all that it owns. Not there, or no API server: nothing to do."""
    try:
        _request(world, "DELETE", f"{path}?propagationPolicy=Background&gracePeriodSeconds=0")
    except (OSError, ValueError):
        return


def condition(manifest: Manifest | None, kind: str) -> Manifest | None:
    """The condition of this type in an object's status if it is true, else None."""
    conditions = (manifest or {}).get("status", {}).get("conditions", ())
    return next((each for each in conditions if each["type"] == kind and each["status"] == "True"), None)


def path_of(manifest: Manifest) -> str:
    """Where the API server keeps an object. Holds for kinds whose plural is their name and an `s`."""
    version, metadata = manifest["apiVersion"], manifest["metadata"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    scope = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    return f"{root}{scope}/{manifest['kind'].lower()}s/{metadata['name']}"


def _request(world: World, method: str, path: str, body: Manifest | None = None) -> Manifest:
    request = urllib.request.Request(  # noqa: S310 - the address is the rehearsal's own, always https
        f"{world.api_server_url}{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/apply-patch+yaml", "Accept": "application/json"},
    )
    with _open(world, request, _TIMEOUT_S) as response:
        return json.load(response)


def _open(world: World, request: urllib.request.Request, timeout_s: float) -> http.client.HTTPResponse:
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=_tls(world))
    )
    return opener.open(request, timeout=timeout_s)


def _tls(world: World) -> ssl.SSLContext:
    login = yaml.safe_load(world.admin_kubeconfig.read_text())
    user, cluster = login["users"][0]["user"], login["clusters"][0]["cluster"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    with tempfile.NamedTemporaryFile(dir=world.pki, suffix=".pem") as pem:  # ssl reads keys from files only
        for part in ("client-certificate-data", "client-key-data"):
            pem.write(base64.b64decode(user[part]))
        pem.flush()
        context.load_cert_chain(pem.name)
    return context
