"""Check: complete a resource's inputs (name, namespace) and refuse what cannot work."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from groundplan.rehearsal.providers.kubernetes import objects
from groundplan.rehearsal.providers.kubernetes.values import UNKNOWN, Value, reveal

_MAX_NAME = 63
"""A DNS label: what the strictest kinds allow."""


@dataclass(kw_only=True)
class Checked:
    """Completed inputs, and what is wrong with them: property path -> reason."""

    inputs: dict[str, Value]
    failures: dict[str, str] = field(default_factory=dict)


def check(
    *,
    name: str,
    token: objects.Token,
    olds: Mapping[str, Value],
    news: Mapping[str, Value],
    seed: bytes,
    namespaced: Callable[[str, str], bool | None],
    default_namespace: str,
) -> Checked:
    """Complete and validate the inputs of one resource.

    Args:
        name: the resource's name in the program.
        token: its type.
        olds: its inputs in the state; empty for a new resource.
        news: its inputs in the program; may hold unknowns.
        seed: makes a new name unlike earlier ones.
        namespaced: whether objects of an API version and kind live in namespaces; None if that is not known.
        default_namespace: for an object that names none.
    """
    inputs = dict(news)
    if token.kind != "CustomResource":
        inputs.setdefault("apiVersion", token.api_version)
        inputs.setdefault("kind", token.kind)
    failures = _failures(inputs, token)
    if failures:
        return Checked(inputs=inputs, failures=failures)
    if inputs.get("metadata") is UNKNOWN:
        return Checked(inputs=inputs)
    inputs = _named(inputs, olds, name, seed)
    api_version, kind = reveal(inputs["apiVersion"]), reveal(inputs["kind"])
    unplaced = not objects.metadata(inputs).get("namespace")
    if unplaced and UNKNOWN not in (api_version, kind) and namespaced(api_version, kind):
        inputs = objects.with_metadata(inputs, namespace=default_namespace)
    return Checked(inputs=inputs)


def _failures(inputs: Mapping[str, Value], token: objects.Token) -> dict[str, str]:
    failures = {key: "is required" for key in ("apiVersion", "kind") if not inputs.get(key)}
    kind = reveal(inputs.get("kind"))
    if (token.kind.endswith("Patch") and kind != token.kind) or (
        token.kind.endswith("List") and "items" in inputs
    ):
        failures["kind"] = f"{token.kind} is not supported: declare the objects themselves"
    given = reveal(inputs.get("metadata"))
    if given is not None and given is not UNKNOWN and not isinstance(given, dict):
        failures["metadata"] = "must be a mapping"
        return failures
    meta = objects.metadata(inputs)
    for key, reason in (
        ("managedFields", "is written by the API server only"),
        ("generateName", "is not supported: leave out metadata.name, and a unique one is made up"),
    ):
        if meta.get(key):
            failures[f"metadata.{key}"] = reason
    if objects.annotation(inputs, objects.WAIT_FOR) is not None:
        failures[f'metadata.annotations["{objects.WAIT_FOR}"]'] = (
            "is not supported by the rehearsal's Kubernetes provider; it awaits readiness in its own way"
        )
    return failures


def _named(inputs: dict[str, Value], olds: Mapping[str, Value], name: str, seed: bytes) -> dict[str, Value]:
    meta = objects.metadata(inputs)
    if meta.get("name"):
        return inputs
    annotations = meta.get("annotations") or {}
    if annotations is UNKNOWN:
        annotations = {}
    old_name = objects.metadata(olds).get("name")
    if old_name and objects.annotation(olds, objects.AUTONAMED) == "true":
        chosen = old_name
    else:
        digest = hashlib.sha256(seed + name.encode()).hexdigest()[:8] if seed else secrets.token_hex(4)
        chosen = f"{name[: _MAX_NAME - 9].lower()}-{digest}"
    return objects.with_metadata(inputs, name=chosen, annotations={**annotations, objects.AUTONAMED: "true"})
