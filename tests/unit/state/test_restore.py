"""The newest whole copy comes back, the damaged state is kept, and what is lost is said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from groundplan.errors import GroundplanError
from groundplan.state.check import check_stack
from groundplan.state.locks import held, locks_of
from groundplan.state.restore import restore

from .backend import BEGAN, KEY, SUBNET, VPC, Backend, checkpoint, resources


def test_nothing_is_lost_after_an_operation_that_ended(backend: Backend) -> None:
    """Byte for byte what it was; no lock remains."""
    whole = backend.state_file.read_bytes()
    backend.damage(whole[:-40])
    found = restore(backend.location)
    assert backend.state_file.read_bytes() == whole
    assert found.complete
    assert (backend.folder / found.damaged).read_bytes() == whole[:-40]
    assert check_stack(backend.location).whole
    assert not locks_of(backend.location)


def test_what_only_the_damaged_state_knew_is_named(backend: Backend) -> None:
    """An operation was killed: its last step is in no copy, and its resource would be forgotten."""
    later = BEGAN + timedelta(minutes=5)
    before = checkpoint(
        resources()[:3], time=later, pending=[{"type": "creating", "resource": resources()[3]}]
    )
    backend.bucket.write(f"{KEY}.bak", before)
    backend.damage(checkpoint(time=later + timedelta(seconds=1))[:-3])
    found = restore(backend.location)
    assert found.copy == f"{KEY}.bak"
    assert found.forgotten == {SUBNET: "subnet-0f2"}
    assert list(found.pending) == [SUBNET]
    assert not found.complete


def test_an_operation_without_a_whole_copy_is_named(backend: Backend) -> None:
    """The copies of the newest one are damaged, too: an older one comes back."""
    later = BEGAN + timedelta(hours=1)
    backend.operate(checkpoint(time=later), time=later)
    copies = sorted(backend.folder.glob(".pulumi/history/shop/dev/*.checkpoint.json"))
    copies[-1].write_bytes(copies[-1].read_bytes().replace(b"vpc-0f1", b"vpc-0f9"))
    backend.damage(b"{")
    found = restore(backend.location)
    assert found.time == BEGAN
    assert [(each.kind, each.changes) for each in found.lost_operations] == [("update", {"create": 4})]


def test_changes_since_are_named(backend: Backend) -> None:
    """A resource that was updated after the copy was taken."""
    listed = resources()
    listed[2]["modified"] = (BEGAN + timedelta(hours=1)).isoformat()
    backend.damage(checkpoint(listed, time=BEGAN + timedelta(hours=1))[:-3])
    assert list(restore(backend.location).changed) == [VPC]


def test_a_lost_state_comes_back(backend: Backend) -> None:
    """Without the file Pulumi knows no such stack."""
    whole = backend.state_file.read_bytes()
    backend.bucket.delete(KEY)
    assert restore(backend.location).damaged == ""
    assert backend.state_file.read_bytes() == whole


def test_a_whole_state_is_left_alone(backend: Backend) -> None:
    """Unless a copy is named."""
    with pytest.raises(GroundplanError, match="whole"):
        restore(backend.location)
    [copy] = check_stack(backend.location).copies
    assert restore(backend.location, copy.item.key, again=True).complete


def test_without_a_copy_the_way_out_is_told(backend: Backend) -> None:
    """Import what exists."""
    for copy in backend.folder.glob(".pulumi/history/shop/dev/*.checkpoint.json"):
        copy.unlink()
    backend.damage(b"")
    with pytest.raises(GroundplanError, match="pulumi import"):
        restore(backend.location)


def test_nobody_restores_under_an_operation(backend: Backend) -> None:
    """The lock's owner is named."""
    backend.damage(b"")
    with held(backend.location), pytest.raises(GroundplanError, match=r"locked by .*pid"):
        restore(backend.location)
