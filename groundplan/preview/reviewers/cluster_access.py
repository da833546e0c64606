"""Who would be allowed more inside the cluster: roles and bindings of Kubernetes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, product
from operator import itemgetter
from typing import Any

from groundplan.preview.changes import Change
from groundplan.preview.findings import Finding, Section, Weight
from groundplan.preview.values import code

_ROLES = ("Role", "ClusterRole")
_BINDINGS = ("RoleBinding", "ClusterRoleBinding")
_PACKAGE = "kubernetes:rbac.authorization.k8s.io/"

Right = tuple[str, str, str]
"""API group, resource, verb."""


def review(changes: Sequence[Change]) -> Iterator[Finding]:
    """A finding for each role with more rights and each binding with more subjects."""
    for change in changes:
        if not change.type.startswith(_PACKAGE) or change.operation in {None, "delete"}:
            continue
        kind = change.type.rsplit(":", 1)[1]
        if kind in _ROLES:
            gained = sorted(
                right
                for right in _rights(change.new)
                if not any(_covers(old, right) for old in _rights(change.old))
            )
            if gained:
                facts = tuple(
                    f"+ {', '.join(verb for _, _, verb in rights)} {resource}{_of(group)}"
                    for (group, resource), rights in groupby(gained, key=itemgetter(0, 1))
                )
                danger = any("*" in right for right in gained)
                yield _finding(change, "would allow more.", facts, danger=danger)
        elif kind in _BINDINGS:
            role = (change.input("roleRef.name"), change.input("roleRef.kind"))
            old_role = (change.input("roleRef.name", before=True), change.input("roleRef.kind", before=True))
            known = _subjects(change.old) if role == old_role else set()
            added = sorted(_subjects(change.new) - known)
            if added:
                facts = tuple(f"+ {subject}" for subject in added)
                text = f"would give the {role[1]} {code(role[0])} to {len(added)} more."
                yield _finding(change, text, facts, danger=role[0] in {"cluster-admin", "admin"})


def _rights(properties: Mapping[str, Any] | None) -> set[Right]:
    rules = (properties or {}).get("rules") or []
    return {
        right
        for rule in rules
        for right in product(
            rule.get("apiGroups") or [""], rule.get("resources") or [""], rule.get("verbs") or []
        )
    }


def _covers(old: Right, new: Right) -> bool:
    return all(known in (wanted, "*") for known, wanted in zip(old, new, strict=True))


def _subjects(properties: Mapping[str, Any] | None) -> set[str]:
    return {
        " ".join(filter(None, (subject.get("kind"), subject.get("namespace"), subject.get("name"))))
        for subject in (properties or {}).get("subjects") or []
    }


def _of(group: str) -> str:
    return f" of {group}" if group else ""


def _finding(change: Change, text: str, facts: tuple[str, ...], *, danger: bool) -> Finding:
    return Finding(
        section=Section.ACCESS,
        weight=Weight.DANGER if danger else Weight.NOTE if change.operation == "create" else Weight.WARNING,
        subject=f"{change.kind} {change.name}",
        urn=change.urn,
        text=text,
        facts=facts,
    )
