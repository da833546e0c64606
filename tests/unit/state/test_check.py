"""Damage is found before anything is asked; what Pulumi wrote is never called damaged."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from groundplan.state.check import check_content, check_stack
from groundplan.state.document import parse

from .backend import BEGAN, KEY, PROVIDER, SUBNET, VPC, Backend, checkpoint, resources

Edit = Callable[[list[dict[str, Any]]], None]


def _edited(edit: Edit) -> bytes:
    listed = resources()
    edit(listed)
    return checkpoint(listed)


def _second_vpc(listed: list[dict[str, Any]]) -> None:
    listed.append(dict(listed[2]))


def _vpc_last(listed: list[dict[str, Any]]) -> None:
    listed.append(listed.pop(2))


def _no_vpc(listed: list[dict[str, Any]]) -> None:
    del listed[2]


def _no_provider(listed: list[dict[str, Any]]) -> None:
    del listed[1]


def _no_type(listed: list[dict[str, Any]]) -> None:
    del listed[3]["type"]


def test_what_pulumi_wrote_is_whole(backend: Backend) -> None:
    """After an operation, and compressed."""
    verdict = check_stack(backend.location)
    assert verdict.whole
    assert verdict.resources == 4
    assert not verdict.notes
    backend.bucket.delete(KEY)
    backend.bucket.write(f"{KEY}.gz", gzip.compress(checkpoint()))
    assert check_stack(backend.location).whole


@pytest.mark.parametrize(
    ("edit", "kind", "urn"),
    [
        (_second_vpc, "duplicate", VPC),
        (_vpc_last, "wrong-order", SUBNET),
        (_no_vpc, "missing-dependency", SUBNET),
        (_no_provider, "missing-dependency", VPC),
        (_no_type, "malformed", ""),
    ],
)
def test_broken_structure_is_named(edit: Edit, kind: str, urn: str) -> None:
    """Which resource it is, and what is wrong with it."""
    problems = check_content("state.json", _edited(edit)).problems
    assert (kind, urn) in {(problem.kind, problem.urn) for problem in problems}


def test_a_resource_may_wait_for_its_deletion() -> None:
    """Two of one URN are no damage where all but one are to be deleted."""
    listed = resources()
    listed.append({**listed[3], "id": "subnet-old", "delete": True})
    assert check_content("state.json", checkpoint(listed)).whole


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_state_is_unreadable(backend: Backend, share: float) -> None:
    """Wherever it is cut off."""
    whole = backend.state_file.read_bytes()
    backend.damage(whole[: int(len(whole) * share)])
    [problem] = check_stack(backend.location).problems
    assert problem.kind == "unreadable"


def test_every_flipped_bit_is_found(backend: Backend) -> None:
    """Also one in a value, which is well-formed and which the engine would take."""
    whole = backend.state_file.read_bytes()
    positions = random.Random(7)  # noqa: S311 - no secret
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[positions.randrange(len(whole))] ^= 1 << positions.randrange(8)
        backend.damage(bytes(damaged))
        assert not check_stack(backend.location).whole


def test_a_changed_value_is_named_where_no_checksum_is_kept(backend: Backend) -> None:
    """By the copy of the same moment."""
    backend.damage(backend.state_file.read_bytes().replace(b"vpc-0f1", b"vpc-0f9"))
    backend.state_file.with_name("dev.json.attrs").unlink()
    [problem] = check_stack(backend.location).problems
    assert problem.kind == "altered"
    assert "main" in problem.message


def test_a_newer_format_is_not_guessed_at() -> None:
    """Neither a version nor a feature that is not known."""
    [problem] = check_content("state.json", checkpoint(version=9)).problems
    assert problem.kind == "newer-version"
    document = json.loads(checkpoint(version=4))
    document["features"] = ["teleport"]
    [problem] = check_content("state.json", json.dumps(document).encode()).problems
    assert "teleport" in problem.message


def test_an_old_state_in_the_place_of_a_newer_one_is_found(backend: Backend) -> None:
    """Somebody copied a backup over it."""
    old = backend.state_file.read_bytes()
    later = BEGAN + timedelta(hours=1)
    backend.operate(checkpoint(resources()[:3], time=later), time=later)
    backend.damage(old.replace(b"10.0.0.0", b"10.9.0.0"))
    assert "outdated" in {problem.kind for problem in check_stack(backend.location).problems}


def test_what_pulumi_edited_since_is_a_note(backend: Backend) -> None:
    """`pulumi state delete` writes the state, and no copy of it: whoever did it noted its checksum."""
    backend.bucket.write(KEY, checkpoint(resources()[:3]))
    verdict = check_stack(backend.location)
    assert verdict.whole
    assert "first" in verdict.notes[0]


def test_what_was_under_way_is_told(backend: Backend) -> None:
    """After a crash the state is whole, and names what was being created."""
    pending = [{"type": "creating", "resource": resources()[3]}]
    backend.bucket.write(KEY, checkpoint(resources()[:3], time=BEGAN + timedelta(minutes=1), pending=pending))
    verdict = check_stack(backend.location)
    assert verdict.whole
    assert verdict.pending == [SUBNET]


def test_an_export_is_read_like_a_checkpoint() -> None:
    """`pulumi stack export` has another frame."""
    latest = json.loads(checkpoint())["checkpoint"]["latest"]
    export = json.dumps({"version": 3, "deployment": latest}).encode()
    assert [each["urn"] for each in parse(export).resources][1] == PROVIDER
    assert check_content("export.json", export).whole


def test_a_missing_state_is_damage(backend: Backend) -> None:
    """Its copies are still there."""
    backend.bucket.delete(KEY)
    verdict = check_stack(backend.location)
    assert [problem.kind for problem in verdict.problems] == ["missing"]
    assert len(verdict.copies) == 1
