"""The cache of images: what a failed program said is told, also where its log has no room for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from groundplan.errors import GroundplanError
from groundplan.rehearsal.images.store import run_logged


def _fails(log: Path) -> GroundplanError:
    script = "i=0; while [ $i -lt 30 ]; do echo line $i; i=$((i+1)); done; echo no space left >&2; exit 3"
    with pytest.raises(GroundplanError, match="exit code 3") as failure:
        run_logged(["sh", "-c", script], log, os.environ)
    return failure.value


def test_a_failure_shows_its_last_lines_and_names_the_log(tmp_path: Path) -> None:
    """Errors and output in their order; the log holds all of it, after the command."""
    log = tmp_path / "x.log"
    failure = _fails(log)
    assert (failure.log or "").splitlines()[-2:] == ["line 29", "no space left"]
    assert str(log) in (failure.hint or "")
    written = log.read_text().splitlines()
    assert written[0].startswith("$ sh -c")
    assert written[-1] == "no space left"
    assert len(written) == 32


def test_the_reason_is_told_where_the_log_has_no_room(tmp_path: Path) -> None:
    """A disk that is full takes no line of the log either: the last lines come from the program itself."""
    log = tmp_path / "full.log"
    log.symlink_to("/dev/full")
    assert (_fails(log).log or "").splitlines()[-1] == "no space left"
