"""Puts the last whole copy of a state back, and says what of the world it does not know."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from groundplan.errors import ExitCode, GroundplanError
from groundplan.state import locks
from groundplan.state.check import Copy, Verdict, check_stack
from groundplan.state.document import salvaged
from groundplan.state.location import StackLocation


@dataclass(frozen=True, kw_only=True)
class Operation:
    """An operation whose result the copy does not know.

    Args:
        kind: `update`, `refresh`, `destroy`, ...
        result: `succeeded` or `failed`.
        ended: when.
        changes: number of resources by what was done to them.
    """

    kind: str
    result: str
    ended: datetime
    changes: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was put back, and what is lost.

    Args:
        copy: where it was.
        time: when Pulumi had taken it.
        resources: how many are in it.
        damaged: where the damaged state is kept; empty if there was none.
        lost_operations: done since, and unknown to the copy.
        forgotten: URN -> id of resources that only the damaged state knew: they may exist, unmanaged.
        changed: URNs that both know, and that were changed since.
        pending: URNs that were being worked on when the copy was taken.
    """

    copy: str
    time: datetime
    resources: int
    damaged: str
    lost_operations: Sequence[Operation]
    forgotten: dict[str, str]
    changed: Sequence[str]
    pending: Sequence[str]

    @property
    def complete(self) -> bool:
        """Whether nothing is known to be lost."""
        return not (self.lost_operations or self.forgotten or self.changed or self.pending)


def restore(location: StackLocation, key: str = "", *, again: bool = False) -> Restored:
    """Put a copy in the place of a damaged state, under the stack's lock. The damaged one is kept.

    Args:
        location: the stack.
        key: which copy; the newest whole one if empty.
        again: also where the state is whole.

    Raises:
        GroundplanError: the state is whole, there is no such whole copy, or somebody holds the lock.
    """
    with locks.held(location):
        verdict = check_stack(location)
        if verdict.whole and not again:
            raise GroundplanError(
                f"The state {verdict.name} is whole: there is nothing to restore.",
                hint=f"To go back all the same: groundplan state restore {location.stack} --copy KEY",
                exit_code=ExitCode.CONFIG,
            )
        copy = _chosen(location, verdict, key)
        current = location.state_key()
        kept = ""
        if current:
            kept = f"{current}.{datetime.now(UTC):%Y%m%dT%H%M%S}.damaged"
            location.bucket.write(kept, verdict.content)
        found = _told(location, verdict, copy, kept)
        location.bucket.write(_target(copy, current, location), copy.content)
    return found


def _chosen(location: StackLocation, verdict: Verdict, key: str) -> Copy:
    wanted = [copy for copy in verdict.copies if not key or copy.item.key == key]
    if wanted:
        return wanted[0]
    keys = ", ".join(copy.item.key for copy in verdict.copies) or "none"
    raise GroundplanError(
        f"There is no whole copy {key or 'of the state'}. Whole copies: {keys}.",
        hint=f"Make the state anew from what exists: pulumi stack init {location.stack}, then pulumi import",
        exit_code=ExitCode.NO_STACK,
    )


def _target(copy: Copy, current: str | None, location: StackLocation) -> str:
    """The key at which the copy's compression is expected."""
    plain = (current or location.usual_key).removesuffix(".gz").removesuffix(".zst")
    packed = copy.content.startswith(b"\x1f\x8b")
    target = plain + (".gz" if packed else "")
    if current and current != target:
        location.bucket.delete(current)
    return target


def _told(location: StackLocation, verdict: Verdict, copy: Copy, kept: str) -> Restored:
    known = {each["urn"]: each for each in copy.state.resources}
    readable = salvaged(verdict.content)
    changed = [
        urn
        for urn, each in readable.items()
        if urn in known and each.get("modified", "") > known[urn].get("modified", "")
    ]
    return Restored(
        copy=copy.item.key,
        time=copy.time,
        resources=len(copy.state.resources),
        damaged=kept,
        lost_operations=_since(location, copy.time),
        forgotten={
            urn: str(each.get("id")) for urn, each in readable.items() if urn not in known and each.get("id")
        },
        changed=changed,
        pending=[str(each["resource"]["urn"]) for each in copy.state.pending if each.get("resource")],
    )


def _since(location: StackLocation, time: datetime) -> list[Operation]:
    """Operations that ended after a copy was taken and wrote a state of their own."""
    whole_seconds = time.replace(microsecond=0)
    found = []
    for item in location.history():
        try:
            record = json.loads(location.bucket.read(item))
            ended = datetime.fromtimestamp(record["endTime"], UTC)
            began = datetime.fromtimestamp(record["startTime"], UTC)
        except (ValueError, KeyError, TypeError, FileNotFoundError):
            continue
        if began > whole_seconds and ended > whole_seconds:
            changes = {name: count for name, count in (record.get("resourceChanges") or {}).items() if count}
            found.append(
                Operation(
                    kind=record.get("kind", ""), result=record.get("result", ""), ended=ended, changes=changes
                )
            )
    return sorted(found, key=lambda each: each.ended)
