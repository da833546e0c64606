"""Whether a state is whole: the rules by which Pulumi's engine refuses one, and all that breaks them.

Source: `Snapshot.VerifyIntegrity` in pkg/resource/deploy/snapshot.go of Pulumi 3.259.0. The engine stops at
the first; people want to see how far the damage goes. A test compares the verdicts with the engine's.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from groundplan.state.document import KNOWN_FEATURES, KNOWN_VERSIONS, State

Kind = Literal[
    "missing",
    "unreadable",
    "newer-version",
    "malformed",
    "missing-dependency",
    "wrong-order",
    "duplicate",
    "altered",
    "outdated",
]
_PROVIDER_TYPE = "pulumi:providers:"
_LISTS = ("dependencies", "replaceWith")
_NAMES = ("parent", "deletedWith")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong.

    Args:
        kind: what sort of damage.
        message: what was found, and what should be there.
        urn: the resource concerned; empty if there is none.
    """

    kind: Kind
    message: str
    urn: str = ""


def problems_of(state: State) -> list[Problem]:
    """All that is wrong with a state in itself; nothing if the engine would take it."""
    unknown = sorted(set(state.features) - KNOWN_FEATURES)
    if state.version not in KNOWN_VERSIONS or unknown:
        what = f"version {state.version}" + (f" with {', '.join(unknown)}" if unknown else "")
        known = f"up to {max(KNOWN_VERSIONS)}"
        return [
            Problem(
                kind="newer-version",
                message=f"its format is {what}; known are versions {known}. A newer Pulumi wrote it",
            )
        ]
    if not state.deployment:
        return []  # a stack before its first operation
    return [*_manifest(state), *_resources(state)]


def _manifest(state: State) -> Iterator[Problem]:
    manifest = state.deployment.get("manifest")
    if not isinstance(manifest, Mapping) or state.time is None:
        yield Problem(kind="malformed", message="its manifest names no time")
        return
    version = str(manifest.get("version") or "")
    magic = hashlib.sha256(version.encode()).hexdigest() if version else ""
    if manifest.get("magic", "") != magic:
        yield Problem(kind="malformed", message="the checksum of its manifest is wrong")


def _resources(state: State) -> Iterator[Problem]:
    all_urns = {each.get("urn") for each in state.resources if isinstance(each, dict)}
    seen, providers, living = set[str](), set[str](), Counter[str]()
    for index, resource in enumerate(state.resources):
        if not isinstance(resource, dict) or not _is_text(resource, "urn") or not _is_text(resource, "type"):
            yield Problem(kind="malformed", message=f"resource {index} has no URN or no type")
            continue
        urn = resource["urn"]
        yield from _itself(resource, providers)
        for name, dependency in _dependencies(resource):
            if dependency not in seen:
                later = dependency in all_urns
                yield Problem(
                    kind="wrong-order" if later else "missing-dependency",
                    message=f"its {name} {dependency} {'comes after it' if later else 'is not in the state'}",
                    urn=urn,
                )
        seen.add(urn)
        living[urn] += not resource.get("delete", False)
    for urn, count in living.items():
        if count > 1:
            yield Problem(kind="duplicate", message=f"it is in the state {count} times", urn=urn)


def _itself(resource: Mapping[str, Any], providers: set[str]) -> Iterator[Problem]:
    """What is wrong with one resource and its provider; notes the resource if it is a provider."""
    urn, identifier = resource["urn"], resource.get("id", "")
    if not resource.get("custom", False) and identifier:
        yield Problem(kind="malformed", message="it has an id, and is no resource of a provider", urn=urn)
    if resource["type"].startswith(_PROVIDER_TYPE):
        if not identifier:
            yield Problem(kind="malformed", message="it is a provider without an id", urn=urn)
        providers.add(f"{urn}::{identifier}")
    provider = resource.get("provider", "")
    if provider and provider not in providers and not resource.get("pendingReplacement", False):
        yield Problem(kind="missing-dependency", message=f"its provider {provider} is not before it", urn=urn)


def _dependencies(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in _NAMES:
        if resource.get(name):
            yield name, str(resource[name])
    for name in _LISTS:
        for urn in resource.get(name) or ():
            yield "dependency", str(urn)
    listed = set(resource.get("dependencies") or ())
    for key, urns in (resource.get("propertyDependencies") or {}).items():
        for urn in urns or ():
            if urn not in listed:
                yield f"dependency by the property {key}", str(urn)


def _is_text(resource: Mapping[str, Any], key: str) -> bool:
    return isinstance(resource.get(key), str) and bool(resource[key])
