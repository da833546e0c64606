"""Kubernetes objects as Pulumi sees them: identifiers, names, annotations, field managers, outputs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from groundplan.errors import GroundplanError
from groundplan.rehearsal.providers.kubernetes.values import Secret, Value, keep_secret, reveal

Object = dict[str, Any]
"""A Kubernetes object: what the API server sends and takes."""

AUTONAMED = "pulumi.com/autonamed"
SKIP_AWAIT = "pulumi.com/skipAwait"
TIMEOUT_SECONDS = "pulumi.com/timeoutSeconds"
PATCH_FORCE = "pulumi.com/patchForce"
DELETION_POLICY = "pulumi.com/deletionPropagationPolicy"
WAIT_FOR = "pulumi.com/waitFor"

FIELD_MANAGER = "__fieldManager"
INITIAL_API_VERSION = "__initialApiVersion"
_NOBODY = "before-first-apply"
"""Manager that the server makes up for an object that had none when it was applied."""
SERVER_METADATA = ("managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink")
"""What the server alone writes into an object's metadata."""


@dataclass(frozen=True)
class Token:
    """A Pulumi type of this package, such as `kubernetes:apps/v1:Deployment`."""

    api_version: str
    kind: str


def parse_token(token: str) -> Token:
    """Read a type token.

    Raises:
        GroundplanError: a type that is no Kubernetes object (charts, manifests).
    """
    _, module, kind = token.split(":")
    if module.startswith(("helm.sh/", "yaml", "kustomize")):
        raise GroundplanError(
            f"{token}: the rehearsal's Kubernetes provider manages single objects only.",
            hint="Declare the objects themselves; charts and manifests are not supported.",
        )
    return Token(module.removeprefix("core/"), kind)


def metadata(properties: Mapping[str, Value]) -> dict[str, Value]:
    """The metadata of an object or of its inputs (empty when absent or unknown), without secret marks."""
    found = reveal(properties.get("metadata"))
    return found if isinstance(found, dict) else {}


def annotation(properties: Mapping[str, Value], key: str) -> str | None:
    """The value of an annotation, or None."""
    found = metadata(properties).get("annotations")
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, str) else None


def with_metadata(properties: Mapping[str, Value], **changes: Value) -> dict[str, Value]:
    """A copy of the inputs with some keys of the metadata set."""
    old = properties.get("metadata")
    inner = old.value if isinstance(old, Secret) else old
    merged = {**(inner or {}), **changes}
    return {**properties, "metadata": Secret(merged) if isinstance(old, Secret) else merged}


def identifier(namespace: str | None, name: str) -> str:
    """Pulumi's id of an object: `namespace/name`, or the name alone."""
    return f"{namespace}/{name}" if namespace else name


def split_identifier(object_id: str) -> tuple[str | None, str]:
    """Namespace (if any) and name of an id."""
    namespace, slash, name = object_id.rpartition("/")
    return (namespace if slash else None), name


def field_manager(urn: str, state: Mapping[str, Value] | None = None) -> str:
    """The name under which a resource owns its fields: the one in its state, else one made from its URN.

    It is the same each time, so that an object which was created by an update that was killed before it could
    save its state is recognized as the resource's own.
    """
    kept = reveal((state or {}).get(FIELD_MANAGER))
    return (
        kept if isinstance(kept, str) else f"pulumi-kubernetes-{hashlib.sha256(urn.encode()).hexdigest()[:8]}"
    )


def managed_by(live: Object, manager: str) -> bool:
    """Whether this field manager has applied the object.

    One that nobody has written a field of counts, too: only an apply that says no more than the name (a bare
    namespace) makes such objects; whoever creates one in another way owns its fields.
    """
    entries = live.get("metadata", {}).get("managedFields") or []
    managers = {entry.get("manager") for entry in entries}
    return manager in managers or managers <= {_NOBODY}


def outputs(live: Object, inputs: Mapping[str, Value], manager: str) -> dict[str, Value]:
    """An object as the properties of its resource; what is secret in the inputs is secret here, too."""
    found: dict[str, Value] = deepcopy(live)
    found.get("metadata", {}).pop("managedFields", None)
    if found.get("kind") == "Secret":
        for key in ("data", "stringData"):
            if key in found:
                found[key] = Secret(found[key])
    found = keep_secret(found, dict(inputs))
    return {**found, FIELD_MANAGER: manager, INITIAL_API_VERSION: found.get("apiVersion")}


def imported_inputs(live: Object) -> dict[str, Value]:
    """Inputs for an object that Pulumi takes over as it is."""
    found = {key: deepcopy(value) for key, value in live.items() if key != "status"}
    found["metadata"] = {k: v for k, v in found.get("metadata", {}).items() if k not in SERVER_METADATA}
    if found.get("kind") == "Secret" and "data" in found:
        found["data"] = Secret(found["data"])
    return found
