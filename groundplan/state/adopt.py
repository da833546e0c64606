"""Takes what an interrupted operation had created into the state, so that it is not created again.

Pulumi notes each creation before it asks a provider. Killed meanwhile, it cannot know whether there is
something now; it says so, and would create it once more: a second VPC, or an error that the name is taken.

Credentials that expire leave two more: what was created and not finished, which the state holds with its
error; and what a provider created and did not tell, since it was still waiting for it.
"""

from __future__ import annotations

import gzip
import json
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from groundplan.errors import ExitCode, GroundplanError
from groundplan.preview.values import SECRET, holds_unknown
from groundplan.progress import console
from groundplan.state import locks
from groundplan.state.check import check_stack
from groundplan.state.document import parse, unpacked
from groundplan.state.found import Finder, Found
from groundplan.state.location import StackLocation

_APPLIED = ("kubernetes:", "pulumi:")
"""Types that are applied, not created: once more changes nothing. Providers exist in the engine only."""


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """What became of the creations that were under way.

    Args:
        adopted: URN -> id that the state knows now; the next refresh reads the rest of it.
        cleared: URNs of which nothing exists.
        unknown: URN -> why nothing can be said; these stay noted.
        unfinished: URNs of what was created and not finished; the next refresh tells what is missing.
    """

    adopted: dict[str, str] = field(default_factory=dict)
    cleared: list[str] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)
    unfinished: list[str] = field(default_factory=list)


def adopt(
    location: StackLocation,
    given: Mapping[str, str],
    planned: Sequence[Mapping[str, Any]] = (),
    *,
    clear: bool = False,
) -> Adoption:
    """Resolve the creations that were under way, under the stack's lock.

    Args:
        location: the stack.
        given: ids that a person knows, by URN.
        planned: resources that the next `up` would create, as a preview tells them: of these, what is seen in
            the account by its tags is taken, or what a person knows.
        clear: give up what nothing can be said about: a person has looked, and there is nothing.

    Raises:
        GroundplanError: the state is damaged, or somebody holds the lock.
    """
    with locks.held(location):
        verdict = check_stack(location)
        if not verdict.whole:
            raise GroundplanError(
                f"The state {verdict.name} is damaged: {verdict.problems[0].message}.",
                hint=f"groundplan state restore {location.stack}",
                exit_code=ExitCode.DEPLOYMENT,
            )
        document = json.loads(unpacked(verdict.content))
        latest = (document.get("checkpoint") or {}).get("latest") or {}
        known = {str(each["id"]) for each in parse(verdict.content).resources if each.get("id")}
        finder, adoption = Finder(known), Adoption()
        resources = latest.get("resources") or []
        kept = [
            operation
            for operation in latest.get("pending_operations") or ()
            if operation.get("type") != "creating"
            or not _settled(operation["resource"], resources, finder, given, adoption, clear=clear)
        ]
        _finish(resources, finder, adoption)
        for resource in planned:
            _take_if_seen(resource, resources, finder, given, adoption)
        if adoption.adopted or adoption.cleared:
            latest["resources"] = resources
            latest["pending_operations"] = kept
            content = json.dumps(document, separators=(",", ":")).encode()
            packed = verdict.name.endswith(".gz")
            location.bucket.write(verdict.name, gzip.compress(content) if packed else content)
    return adoption


def _settled(
    resource: dict[str, Any],
    resources: list[dict[str, Any]],
    finder: Finder,
    given: Mapping[str, str],
    adoption: Adoption,
    *,
    clear: bool,
) -> bool:
    """Whether it is known now what became of one creation; puts it into the resources where something is."""
    urn, kind = str(resource["urn"]), str(resource["type"])
    if kind.startswith(_APPLIED) or _is_there(resources, urn):
        adoption.cleared.append(urn)
        return True
    identifier = given.get(urn)
    if identifier is None:
        found = finder.find(kind, resource.get("inputs") or {})
        if found is None or found.ambiguous:
            adoption.unknown[urn] = found.reason if found else f"{kind} is not looked for"
            if clear:
                adoption.cleared.append(urn)
            return clear
        identifier = found.id
        if identifier is not None:
            finder.finish(kind, identifier, resource.get("inputs") or {})
    if identifier is None:
        adoption.cleared.append(urn)
        return True
    _take(resource, identifier, resources, finder, adoption)
    return True


def _take(
    resource: Mapping[str, Any],
    identifier: str,
    resources: list[dict[str, Any]],
    finder: Finder,
    adoption: Adoption,
) -> None:
    # Without outputs a provider reads it as an import: all that it is, by its id.
    resources.append({**resource, "id": identifier, "outputs": {}})
    finder.known.add(identifier)
    adoption.adopted[str(resource["urn"])] = identifier


def _finish(resources: Sequence[Mapping[str, Any]], finder: Finder, adoption: Adoption) -> None:
    """Do what the provider had left to do for what was created and not finished."""
    for resource in resources:
        kind = str(resource["type"])
        of_its_creation = resource.get("created") == resource.get("modified")
        if resource.get("initErrors") and of_its_creation and not kind.startswith(_APPLIED):
            finder.finish(kind, str(resource["id"]), resource.get("inputs") or {})
            adoption.unfinished.append(str(resource["urn"]))


def _take_if_seen(
    resource: Mapping[str, Any],
    resources: list[dict[str, Any]],
    finder: Finder,
    given: Mapping[str, str],
    adoption: Adoption,
) -> None:
    """Take a resource that a preview would create and that exists. What it depends on is in the state."""
    urn, kind = str(resource["urn"]), str(resource["type"])
    here = {str(each["urn"]) for each in resources}
    needed = {str(resource.get("parent") or ""), *map(str, resource.get("dependencies") or ())} - {""}
    inputs = resource.get("inputs") or {}
    if urn in here or not needed <= here or holds_unknown(dict(resource)) or SECRET in json.dumps(inputs):
        return
    found = Found(given[urn], "a person", seen=True) if urn in given else finder.find(kind, inputs)
    if found and found.ambiguous:
        adoption.unknown[urn] = found.reason
    elif found and found.seen and found.id:
        finder.finish(kind, found.id, inputs)
        _take(resource, found.id, resources, finder, adoption)


def _is_there(resources: list[dict[str, Any]], urn: str) -> bool:
    return any(each.get("urn") == urn and not each.get("delete") for each in resources)


def refresh(stack: str) -> None:
    """Let Pulumi read every resource; what was adopted and is not there is dropped again.

    Raises:
        GroundplanError: it failed; the adopted resources are not read yet.
    """
    words = ["pulumi", "refresh", "--stack", stack, "--yes", "--skip-preview", "--non-interactive"]
    console.print(f"[dim]{shlex.join(words)}[/]")
    if subprocess.run(words, stdout=sys.stderr, check=False).returncode != 0:
        raise GroundplanError(
            f"`{shlex.join(words[:4])}` failed: what was adopted is not read yet.",
            hint=f"Before anything else, again: {shlex.join(words[:4])}",
            exit_code=ExitCode.DEPLOYMENT,
        )
