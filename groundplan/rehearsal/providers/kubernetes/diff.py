"""Which properties differ between two versions of a resource's inputs, and which force a replacement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from groundplan.rehearsal.providers.kubernetes.values import Value, reveal

Path = tuple[str | int, ...]
"""Keys and indices from the root of the inputs to a value."""

_SPEC_OF_STATEFUL_SET = ("podManagementPolicy", "selector", "serviceName", "volumeClaimTemplates")
_SPEC_OF_JOB = ("completionMode", "completions", "parallelism", "selector", "template")
_REPLACED_BY: dict[tuple[str, str], tuple[Path, ...]] = {
    ("", "ConfigMap"): (("binaryData",), ("data",)),
    ("", "PersistentVolumeClaim"): (
        ("spec", "accessModes"),
        ("spec", "selector"),
        ("spec", "storageClassName"),
        ("spec", "volumeMode"),
        ("spec", "volumeName"),
    ),
    ("", "ResourceQuota"): (("spec", "scopes"),),
    ("", "Secret"): (("data",), ("stringData",), ("type",)),
    ("", "Service"): (("spec", "clusterIP"),),
    ("apps", "DaemonSet"): (("spec", "selector"),),
    ("apps", "Deployment"): (("spec", "selector"),),
    ("apps", "StatefulSet"): tuple(("spec", key) for key in _SPEC_OF_STATEFUL_SET),
    ("batch", "Job"): tuple(("spec", key) for key in _SPEC_OF_JOB),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): (("roleRef",),),
    ("rbac.authorization.k8s.io", "RoleBinding"): (("roleRef",),),
    ("scheduling.k8s.io", "PriorityClass"): (("value",), ("preemptionPolicy",)),
    ("storage.k8s.io", "StorageClass"): (("parameters",), ("provisioner",)),
}
"""Per group and kind: what the official plugin replaces, or what the server never lets anyone change."""

_ALWAYS: tuple[Path, ...] = (("kind",), ("metadata", "name"), ("metadata", "namespace"))
_IMMUTABLE = re.compile(
    r"immutable|updates? to .* (?:is|are) forbidden|may not (?:be )?change"
    r"|can(?:not| not|'t) (?:be )?(?:change|update)"
    r"|forbidden: (?:pod )?updates",
    re.IGNORECASE,
)
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class Kind(StrEnum):
    """How a property changed; the protocol's words."""

    ADD = "ADD"
    DELETE = "DELETE"
    UPDATE = "UPDATE"


@dataclass(frozen=True)
class Change:
    """One property that differs."""

    path: Path
    kind: Kind

    @property
    def property_path(self) -> str:
        """As Pulumi writes it: `spec.ports[0].port`, `metadata.labels["a/b"]`."""
        text = ""
        for key in self.path:
            if isinstance(key, int):
                text += f"[{key}]"
            elif _PLAIN_KEY.fullmatch(key):
                text += f".{key}" if text else key
            else:
                escaped = key.replace('"', '\\"')
                text += f'["{escaped}"]'
        return text


def changes(old: Mapping[str, Value], new: Mapping[str, Value]) -> list[Change]:
    """Every property that differs; an unknown differs from everything. A key with null counts as absent."""
    return list(_compare((), reveal(dict(old)), reveal(dict(new))))


def replaced_by(
    group: str, kind: str, *, config_map_mutable: bool = False, secret_mutable: bool = False
) -> tuple[Path, ...]:
    """Paths whose change replaces an object of this kind."""
    paths = _REPLACED_BY.get((group, kind), ())
    if not group and ((kind == "ConfigMap" and config_map_mutable) or (kind == "Secret" and secret_mutable)):
        paths = tuple(path for path in paths if path == ("type",))
    return _ALWAYS + paths


def touching(found: Iterable[Change], paths: Iterable[Path]) -> set[Change]:
    """The changes at, below or above one of the paths; indices do not count."""
    wanted = list(paths)
    return {change for change in found if any(_overlap(_keys(change.path), path) for path in wanted)}


def refused_as_immutable(
    found: Iterable[Change], message: str, causes: Iterable[Mapping[str, str]]
) -> set[Change]:
    """The changes that the server refused because the field cannot change in an existing object.

    Args:
        found: all changes of the update.
        message: the server's sentence.
        causes: the fields that it names.

    Returns:
        The changes that the causes name; all where none is named; none if it refused for another reason.
    """
    refused = [cause for cause in causes if _IMMUTABLE.search(cause.get("message", ""))]
    if not is_immutable(message, refused):
        return set()
    everything = list(found)
    paths = [_keys(_parse_field(cause["field"])) for cause in refused if cause.get("field")]
    return touching(everything, [path for path in paths if path]) or set(everything)


def is_immutable(message: str, causes: Iterable[Mapping[str, str]]) -> bool:
    """Whether the server refused something because a field of an existing object cannot change."""
    return any(_IMMUTABLE.search(text) for text in (message, *(c.get("message", "") for c in causes)))


def _compare(path: Path, old: Value, new: Value) -> Iterable[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _compare((*path, key), old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else None
            after = new[index] if index < len(new) else None
            yield from _compare((*path, index), before, after)
    elif old is None and new is not None:
        yield Change(path, Kind.ADD)
    elif new is None and old is not None:
        yield Change(path, Kind.DELETE)
    elif old != new or isinstance(old, bool) is not isinstance(new, bool):  # in Python, 1 == True
        yield Change(path, Kind.UPDATE)


def _keys(path: Path) -> Path:
    return tuple(key for key in path if isinstance(key, str))


def _overlap(one: Path, other: Path) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _parse_field(text: str) -> Path:
    return tuple(part for part in re.split(r"[.\[\]]", text) if part and not part.isdigit())
