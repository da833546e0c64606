"""What `groundplan state` prints: tables for people, one JSON document for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from groundplan.audit.sources import read
from groundplan.errors import ExitCode, GroundplanError
from groundplan.preview.document import load_preview
from groundplan.progress import console
from groundplan.state import adopt as adopting
from groundplan.state import locks
from groundplan.state.check import Verdict, check_content, check_stack
from groundplan.state.location import locate
from groundplan.state.restore import Restored, restore

_SHOWN = 20


def check(environment: str | None, file: Path | None, *, as_json: bool) -> None:
    """Check the state of a stack, or one in a file.

    Raises:
        GroundplanError: not one of both was named (exit code 2), or the state is damaged (4).
    """
    if (environment is None) == (file is None):
        raise GroundplanError(
            "Name one state: a stack, or --file FILE.",
            hint="groundplan state check --help",
            exit_code=ExitCode.CONFIG,
        )
    verdict = check_content(str(file), _bytes(file)) if file else check_stack(locate(str(environment)))
    if as_json:
        _print(_verdict(verdict))
    else:
        _show(verdict)
    if not verdict.whole:
        raise _damaged(verdict, environment)


def put_back(environment: str, copy: str | None, *, as_json: bool) -> None:
    """Restore, and say what is lost.

    Raises:
        GroundplanError: nothing is damaged, there is no whole copy, or somebody holds the lock.
    """
    found = restore(locate(environment), copy or "", again=copy is not None)
    if as_json:
        _print({**asdict(found), "complete": found.complete})
    else:
        _show_restored(found, environment)


def unlock(environment: str, gone_hosts: Sequence[str], *, as_json: bool) -> None:
    """Take the locks of the dead away.

    Raises:
        GroundplanError: an owner lives, or nobody can tell.
    """
    location = locate(environment)
    cleared = locks.unlock(location, gone_hosts)
    if as_json:
        _print({"stack": environment, "cleared": [asdict(lock) for lock in cleared]})
    elif not cleared:
        console.print(f"[green]✓[/] Nobody holds the lock of {environment}.")
    else:
        for lock in cleared:
            console.print(f"[green]✓[/] The lock of {lock.owner} is gone: its owner is dead.", soft_wrap=True)
    if cleared:
        console.print(
            f"[bold]next:[/] groundplan state check {environment}, then pulumi up --stack {environment}"
        )


def adopt(
    environment: str, known: Sequence[str], from_preview: Path | None, *, clear: bool, as_json: bool
) -> None:
    """Take what was created into the state, and refresh.

    Raises:
        GroundplanError: the preview is none of this stack (2), the state is damaged or locked, the refresh
            failed, or something cannot be told (7).
    """
    given = dict(_pair(each) for each in known)
    planned = _planned(from_preview, environment) if from_preview else []
    adoption = adopting.adopt(locate(environment), given, planned, clear=clear)
    for urn, identifier in adoption.adopted.items():
        console.print(f"  [green]adopted[/] {identifier} {urn}", soft_wrap=True)
    for urn in adoption.cleared:
        console.print(f"  [dim]nothing to take over[/] {urn}", soft_wrap=True)
    for urn in adoption.unfinished:
        console.print(f"  [yellow]was not finished[/] {urn}", soft_wrap=True)
    if adoption.adopted or adoption.unfinished:
        adopting.refresh(environment)
    if as_json:
        _print(asdict(adoption))
    if adoption.unknown and not clear:
        urn, reason = next(iter(adoption.unknown.items()))
        raise GroundplanError(
            f"Of {len(adoption.unknown)} creations nothing can be said; the first: {urn} ({reason}).",
            hint=f"Look for it, then: groundplan state adopt {environment} --id 'URN=ID', or --clear",
            exit_code=ExitCode.UNEXPECTED_CHANGES,
        )
    console.print(f"[bold]next:[/] pulumi up --stack {environment}")


def _pair(text: str) -> tuple[str, str]:
    urn, separator, identifier = text.rpartition("=")
    if not separator or not urn.startswith("urn:pulumi:") or not identifier:
        raise GroundplanError(
            f"--id {text!r}: allowed is URN=ID, with a URN that `groundplan state check` lists.",
            exit_code=ExitCode.CONFIG,
        )
    return urn, identifier


def _planned(file: Path, environment: str) -> list[dict[str, Any]]:
    """The resources that a preview would create, in the engine's form."""
    preview = load_preview(file)
    if preview.stack not in (None, environment.rpartition("/")[2]):
        raise GroundplanError(
            f"{file} is a preview of the stack {preview.stack}, not of {environment}.",
            hint=f"pulumi preview --json --stack {environment} > {file}",
            exit_code=ExitCode.CONFIG,
        )
    steps = json.loads(file.read_text(encoding="utf-8"))["steps"] if preview.steps else []
    return [step["newState"] for step in steps if step["op"] == "create" and step.get("newState")]


def _bytes(file: Path) -> bytes:
    if not file.exists():
        read(file)  # says why
    return file.read_bytes()


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.name,
        "whole": verdict.whole,
        "problems": [asdict(problem) for problem in verdict.problems],
        "notes": list(verdict.notes),
        "resources": verdict.resources,
        "pending": list(verdict.pending),
        "copies": [
            {"key": copy.item.key, "version": copy.item.version, "time": copy.time} for copy in verdict.copies
        ],
    }


def _show(verdict: Verdict) -> None:
    mark = "[green]✓[/] whole" if verdict.whole else "[red]✗[/] damaged"
    console.print(
        f"{mark}: {verdict.name}, {verdict.resources} resources, {len(verdict.copies)} whole copies",
        soft_wrap=True,
    )
    for problem in verdict.problems[:_SHOWN]:
        where = f" [dim]{problem.urn}[/]" if problem.urn else ""
        console.print(f"  [red]{problem.kind}[/] {problem.message}{where}", soft_wrap=True)
    if len(verdict.problems) > _SHOWN:
        console.print(f"  and {len(verdict.problems) - _SHOWN} more (all: --json)")
    for note in verdict.notes:
        console.print(f"  [yellow]note[/] {note}", soft_wrap=True)
    for urn in verdict.pending:
        console.print(f"  [yellow]under way[/] {urn}", soft_wrap=True)


def _damaged(verdict: Verdict, environment: str | None) -> GroundplanError:
    first = verdict.problems[0]
    newer = first.kind == "newer-version"
    if newer:
        hint = "Take the Pulumi that wrote it, or a newer one; restore only if nobody has upgraded."
    elif environment and verdict.copies:
        copy = verdict.copies[0]
        time = f"{copy.time:%Y-%m-%d %H:%M:%S}"
        hint = f"groundplan state restore {environment} (puts back {copy.item.key} of {time})"
    else:
        hint = "docs/runbooks/restore-state.md"
    about = f" ({first.urn})" if first.urn else ""
    return GroundplanError(
        f"The state {verdict.name} is damaged: {first.message}{about}. No provider was asked for anything.",
        hint=hint,
        exit_code=ExitCode.DEPLOYMENT,
    )


def _show_restored(found: Restored, environment: str) -> None:
    console.print(
        f"[green]✓[/] Restored {found.resources} resources from {found.copy}, "
        f"as of {found.time:%Y-%m-%d %H:%M:%S %Z}.",
        soft_wrap=True,
    )
    if found.damaged:
        console.print(f"  The damaged state is kept: {found.damaged}", soft_wrap=True)
    if found.complete:
        console.print("  Nothing is known to be lost.")
        console.print(f"[bold]next:[/] pulumi preview --stack {environment} (expects no change)")
        return
    for operation in found.lost_operations:
        done = ", ".join(f"{count} {name}" for name, count in operation.changes.items())
        ended = f"{operation.ended:%Y-%m-%d %H:%M:%S}"
        console.print(f"  [yellow]lost[/] {operation.kind} of {ended}: {operation.result}, {done}")
    for urn, identifier in found.forgotten.items():
        console.print(f"  [yellow]exists, and is in no state now[/] {identifier} {urn}", soft_wrap=True)
    for urn in found.changed:
        console.print(f"  [yellow]changed since[/] {urn}", soft_wrap=True)
    for urn in found.pending:
        console.print(f"  [yellow]under way then[/] {urn}", soft_wrap=True)
    console.print(
        f"[bold]next:[/] groundplan state adopt {environment}, pulumi refresh --stack {environment}, "
        f"then pulumi up; docs/runbooks/restore-state.md",
        soft_wrap=True,
    )


def _print(document: Any) -> None:
    def text(value: Any) -> str:
        return value.isoformat() if isinstance(value, datetime) else str(value)

    sys.stdout.write(json.dumps(document, indent=2, default=text) + "\n")
