"""From the engine's steps to what changes: one entry a resource, with its properties."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from groundplan.preview.document import STACK_TYPE, Preview, Step
from groundplan.preview.properties import PropertyChange, compare, split_path, value_at
from groundplan.preview.values import UNKNOWN, without_secrets

Operation = Literal["create", "update", "replace", "delete"]
OPERATIONS: tuple[Operation, ...] = ("delete", "replace", "update", "create")
"""In the order in which they are shown: what loses most comes first."""

_OPERATION: Mapping[str, Operation] = {
    "create": "create",
    "import": "create",
    "update": "update",
    "replace": "replace",
    "create-replacement": "replace",
    "delete-replaced": "replace",
    "import-replacement": "replace",
    "delete": "delete",
}
"""Words of the engine. All others (`same`, `read`, `refresh`, ...) change nothing in the account."""
_TAGS = ("tags", "tagsAll", "defaultTags")


@dataclass(frozen=True, kw_only=True)
class Change:
    """What would happen to one resource.

    Args:
        urn: its URN.
        type: its type token.
        operation: what happens; None if nothing but perhaps its protection.
        old: inputs before, without secrets; None if it is new.
        new: inputs after, without secrets; None if it is deleted.
        properties: what differs, by path.
        was_protected: whether Pulumi refuses to delete it, before.
        is_protected: the same, after.
        recorded: True if it comes from a comparison of recordings, not from the engine.
    """

    urn: str
    type: str
    operation: Operation | None
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None
    properties: tuple[PropertyChange, ...] = ()
    was_protected: bool = False
    is_protected: bool = False
    recorded: bool = False

    @property
    def name(self) -> str:
        """Its name in the program."""
        return self.urn.split("::", 3)[3]

    @property
    def kind(self) -> str:
        """Its type as people say it: `s3 Bucket` of `aws:s3/bucket:Bucket`, `apps/v1 Deployment`."""
        return kind_of(self.type)

    @property
    def replaced_by(self) -> tuple[str, ...]:
        """Paths of the properties that force a replacement."""
        return tuple(prop.path for prop in self.properties if prop.replaces)

    @property
    def tags_only(self) -> bool:
        """Whether it is updated and nothing but tags differs."""
        return self.operation == "update" and all(_is_tag(prop.path) for prop in self.properties)

    def input(self, path: str, *, before: bool = False) -> Any:
        """One input, by its path; None if there is none."""
        return value_at((self.old if before else self.new) or {}, path)


def kind_of(type_: str) -> str:
    """A type token as people say it: `s3 Bucket` of `aws:s3/bucket:Bucket`, `apps/v1 Deployment`."""
    package, *module, name = type_.split(":")
    where = ".".join(module).split("/")
    if package == "kubernetes":
        return f"{'/'.join(where)} {name}"
    return f"{where[0]} {name}" if package == "aws" else type_


def changes_of(preview: Preview) -> tuple[Change, ...]:
    """All resources that change, in the order in which they are shown. Components change nothing."""
    by_urn: dict[str, Change] = {}
    for step in preview.steps:
        change = _change(step)
        if change and (change.operation or change.was_protected != change.is_protected):
            known = by_urn.get(step.urn)
            by_urn[step.urn] = _merged(known, change) if known else change
    return in_order(by_urn.values())


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """By operation, then type and name: the same change is always shown in the same way."""
    ranks = {operation: rank for rank, operation in enumerate(OPERATIONS)}
    return tuple(
        sorted(
            changes,
            key=lambda change: (
                ranks.get(change.operation, len(ranks)) if change.operation else len(ranks),
                change.type,
                change.urn,
            ),
        )
    )


def counts(changes: Iterable[Change]) -> dict[Operation, int]:
    """How many resources are created, updated, replaced, deleted."""
    found = Counter(change.operation for change in changes)
    return {operation: found[operation] for operation in ("create", "update", "replace", "delete")}


def _change(step: Step) -> Change | None:
    state = step.new or step.old
    if state is None or state.type == STACK_TYPE or not state.custom:
        return None
    operation = _OPERATION.get(step.op)
    old = without_secrets(step.old.inputs) if step.old else None
    new = without_secrets(step.new.inputs) if step.new and step.op != "delete" else None
    properties = _properties(step, old, new) if old is not None and new is not None and operation else ()
    return Change(
        urn=step.urn,
        type=state.type,
        operation=operation,
        old=old,
        new=new,
        properties=properties,
        was_protected=bool(step.old and step.old.protect),
        is_protected=bool(step.new and step.new.protect),
    )


def _merged(known: Change, other: Change) -> Change:
    """Two steps of one resource: `--show-replacement-steps` lists a replacement in its parts."""
    if known.old is None or known.new is None:
        known, other = other, known
    if "replace" in (known.operation, other.operation) or known.operation != other.operation:
        return replace(known, operation="replace", old=known.old or other.old, new=known.new or other.new)
    return known


def _properties(step: Step, old: dict[str, Any], new: dict[str, Any]) -> tuple[PropertyChange, ...]:
    """What differs in the inputs, and what the provider names beyond that (drift, computed values)."""
    found = {prop.path: prop for prop in compare(old, new)}
    detailed = step.detailed_diff or {}
    outputs = without_secrets(step.old.outputs) if step.old else {}
    for path in (*detailed, *(step.diff_reasons or ())):
        if not any(_within(known, path) or _within(path, known) for known in found):
            by_inputs = path in detailed and detailed[path].input_diff
            found[path] = _named_by_provider(path, old if by_inputs else outputs, new)
    reasons = {*(step.replace_reasons or ()), *(p for p, d in detailed.items() if "replace" in d.kind)}
    return tuple(
        replace(prop, replaces=any(_within(path, reason) or _within(reason, path) for reason in reasons))
        for path, prop in sorted(found.items())
    )


def _named_by_provider(path: str, before: Mapping[str, Any], new: Mapping[str, Any]) -> PropertyChange:
    """A difference that the inputs do not show: what the provider computes, or what drifted."""
    top = split_path(path)[0]
    if top == "tagsAll":
        return PropertyChange(path="tagsAll", old=None, new="(as the provider's default tags)")
    after = value_at(new, path) if top in new else UNKNOWN
    return PropertyChange(path=path, old=value_at(before, path), new=after)


def _within(path: str, other: str) -> bool:
    """Whether `path` is `other` or a part of it."""
    inner, outer = split_path(path), split_path(other)
    return inner[: len(outer)] == outer


def _is_tag(path: str) -> bool:
    return split_path(path)[0] in _TAGS
