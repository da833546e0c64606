"""Room on the disk for a build."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from groundplan.errors import GroundplanError
from groundplan.rehearsal.images.disk import room


def test_too_little_room_is_said_before_the_build(tmp_path: Path) -> None:
    """The message names the folder and what is needed, and the block does not run."""
    ran = False
    with (
        pytest.raises(GroundplanError, match=r"building python needs about 1048576\.0 GiB in ") as failure,
        room(tmp_path, 2**50, "building python"),
    ):
        ran = True
    assert not ran
    assert str(tmp_path) in failure.value.message
    assert "GROUNDPLAN_CACHE" in (failure.value.hint or "")


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        GroundplanError("Image x failed", log="write a: no space left on device"),
    ],
)
def test_a_disk_that_fills_up_is_named(tmp_path: Path, error: Exception) -> None:
    """Whether Python or a program met the full disk, the message is the same."""
    with pytest.raises(GroundplanError, match="The disk is full"), room(tmp_path, 1, "building python"):
        raise error


def test_other_failures_pass_through(tmp_path: Path) -> None:
    """A failure that is not about room keeps its own message."""
    with pytest.raises(GroundplanError, match=r"^no such package$"), room(tmp_path, 1, "building python"):
        raise GroundplanError("no such package")
