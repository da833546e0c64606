"""Is the state of a stack whole, and is it the one that Pulumi wrote last? No provider is asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from groundplan.state.bucket import Item
from groundplan.state.document import State, UnreadableStateError, parse
from groundplan.state.integrity import Problem, problems_of
from groundplan.state.location import StackLocation

_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A copy of the state that is whole.

    Args:
        item: where it lies.
        state: what it says.
        time: when Pulumi took it.
        content: its bytes.
    """

    item: Item
    state: State
    time: datetime
    content: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a check found.

    Args:
        name: where the state lies.
        problems: what is wrong; none if the state can be worked with.
        notes: what is worth knowing, and no damage.
        resources: how many are in the state.
        pending: URNs of what was being created, updated or deleted when it was written.
        copies: whole copies of it, the newest first.
        content: its bytes, as far as there are any.
    """

    name: str
    problems: Sequence[Problem]
    notes: Sequence[str] = ()
    resources: int = 0
    pending: Sequence[str] = ()
    copies: Sequence[Copy] = field(default=(), repr=False)
    content: bytes = field(default=b"", repr=False)

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def check_content(name: str, content: bytes) -> Verdict:
    """Check a state by itself, without its copies.

    Args:
        name: how people know it.
        content: its bytes.
    """
    return _judge(name, content)[0]


def _judge(name: str, content: bytes) -> tuple[Verdict, State | None]:
    """What is wrong with a state in itself, and the state if it can be read."""
    try:
        state = parse(content)
    except UnreadableStateError as error:
        problem = Problem(kind="unreadable", message=str(error))
        return Verdict(name=name, problems=[problem], content=content), None
    pending = [str((each.get("resource") or {}).get("urn", "")) for each in state.pending]
    notes = [f"{len(pending)} operations were under way when it was written"] if pending else []
    verdict = Verdict(
        name=name,
        problems=problems_of(state),
        notes=notes,
        resources=len(state.resources),
        pending=pending,
        content=content,
    )
    return verdict, state


def check_stack(location: StackLocation) -> Verdict:
    """Check the state of a stack by itself, by its checksum, and against the copies that are kept of it."""
    copies = whole_copies(location)
    key = location.state_key()
    if key is None:
        missing = Problem(kind="missing", message="there is no state of this stack in the backend")
        return Verdict(name=location.usual_key, problems=[missing], copies=copies)
    content = location.bucket.read(key)
    alone, state = _judge(key, content)
    problems, notes = list(alone.problems), list(alone.notes)
    if state and not problems:
        noted = location.bucket.noted_md5(key)
        vouched = noted == _md5(content)
        found = _against_copies(state, content, copies)
        if noted is not None and not vouched and content not in {copy.content for copy in copies}:
            problems.append(
                Problem(kind="altered", message="its MD5 is not the one that was noted when it was written")
            )
        for each in found:
            # What was written since on purpose (pulumi state, stack import) is no damage.
            purpose = vouched or (each.kind == "altered" and location.bucket.keeps_checksums)
            if purpose:
                notes.append(each.message)
            else:
                problems.append(each)
    return replace(alone, problems=problems, notes=notes, copies=copies)


def whole_copies(location: StackLocation) -> list[Copy]:
    """Copies that can be restored, the newest first; of equal ones one."""
    found = dict[bytes, Copy]()
    for item in location.copies():
        try:
            content = location.bucket.read(item)
            state = parse(content)
        except (UnreadableStateError, FileNotFoundError):  # damaged, too; or just replaced
            continue
        noted = None if item.version else location.bucket.noted_md5(item.key)
        intact = noted in {None, _md5(content)}
        if state.time and intact and not problems_of(state):
            found.setdefault(content, Copy(item=item, state=state, time=state.time, content=content))
    return sorted(found.values(), key=lambda copy: copy.time, reverse=True)


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _against_copies(state: State, content: bytes, copies: Sequence[Copy]) -> list[Problem]:
    """How a state differs from the copy of the same moment, or falls behind the newest."""
    if not copies or state.time is None or content in {copy.content for copy in copies}:
        return []
    newest = copies[0]
    if state.time < newest.time:
        behind = f"it is of {state.time:%Y-%m-%d %H:%M:%S}; a copy is of {newest.time:%Y-%m-%d %H:%M:%S}"
        return [Problem(kind="outdated", message=f"{behind} ({newest.item.key})")]
    twins = [copy for copy in copies if copy.time == state.time]
    if not twins:
        return []
    names = differing(state, twins[0].state)
    where = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    message = f"it differs from the copy of the same moment ({twins[0].item.key}) in {where or 'its frame'}"
    return [Problem(kind="altered", message=message)]


def differing(one: State, other: State) -> list[str]:
    """Names of resources that are not the same in two states."""
    left, right = _by_urn(one), _by_urn(other)
    urns = [urn for urn in {**left, **right} if left.get(urn) != right.get(urn)]
    return [urn.rpartition("::")[2] or urn for urn in urns]


def _by_urn(state: State) -> dict[str, list[str]]:
    found = dict[str, list[str]]()
    for each in state.resources:
        found.setdefault(str(each.get("urn")), []).append(json.dumps(each, sort_keys=True))
    return found
