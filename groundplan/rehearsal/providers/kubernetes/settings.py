"""The provider's own configuration, with the names and meanings of the official plugin."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields

from groundplan.rehearsal.providers.kubernetes.values import Value, reveal

_WITHOUT_EFFECT = frozenset(
    {
        "version",
        "pluginDownloadURL",
        "suppressDeprecationWarnings",
        "suppressHelmHookWarnings",
        "kubeClientSettings",
    }
)
"""Settings that change no result: warnings of the official plugin, and its client's rate limits."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a program may set on `kubernetes.Provider`. Field names are those of the protocol in snake case.

    Args:
        kubeconfig: contents or path; None for `$KUBECONFIG`.
        context: context of the kubeconfig to use.
        cluster: cluster of the kubeconfig to use.
        cluster_identifier: replace the provider's resources only when this changes.
        namespace: for objects that name none.
        enable_server_side_apply: must not be false.
        enable_patch_force: take over fields that other managers own.
        enable_config_map_mutable: update a ConfigMap's data in place rather than replace it.
        enable_secret_mutable: the same for Secrets.
        upsert_existing_objects: take over objects that exist, instead of an error.
        delete_unreachable: forget resources whose cluster does not answer.
    """

    kubeconfig: str | None = None
    context: str | None = None
    cluster: str | None = None
    cluster_identifier: str | None = None
    namespace: str | None = None
    enable_server_side_apply: bool = True
    enable_patch_force: bool = False
    enable_config_map_mutable: bool = False
    enable_secret_mutable: bool = False
    upsert_existing_objects: bool = False
    delete_unreachable: bool = False


def camel_case(name: str) -> str:
    """`enable_patch_force` -> `enablePatchForce`."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


_NAMES = {camel_case(field.name): field for field in fields(Settings)}


def problems(properties: Mapping[str, Value]) -> dict[str, str]:
    """What is wrong with a configuration: setting -> reason. Unknown values pass."""
    found = {}
    for name, raw in properties.items():
        value = _parsed(name, raw)
        if name in _WITHOUT_EFFECT or value is None:
            continue
        if name not in _NAMES:
            allowed = ", ".join(sorted(_NAMES))
            found[name] = f"is not supported by the rehearsal's Kubernetes provider; supported: {allowed}"
        elif name == "enableServerSideApply" and value is False:
            found[name] = "must be true: the rehearsal's Kubernetes provider knows server-side apply only"
        elif _NAMES[name].type == "bool" and isinstance(value, str):
            found[name] = f"must be true or false, not {value!r}"
    return found


def parse(properties: Mapping[str, Value]) -> Settings:
    """Read a configuration without unknowns that has no `problems`."""
    known = {_NAMES[name].name: _parsed(name, raw) for name, raw in properties.items() if name in _NAMES}
    return Settings(**{name: value for name, value in known.items() if value is not None})


def _parsed(name: str, raw: Value) -> Value:
    """SDKs send what is not a string as JSON text."""
    value = reveal(raw)
    if isinstance(value, str) and (name not in _NAMES or _NAMES[name].type == "bool"):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value
