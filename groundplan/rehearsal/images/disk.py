"""Room on the disk: asked for before a build, and named when it ran out during one."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from groundplan.errors import GroundplanError

_GIB = 2**30
_MESSAGE_OF_THE_KERNEL = "no space left on device"


@contextmanager
def room(folder: Path, needed_bytes: int, purpose: str) -> Generator[None]:
    """Run a block that writes up to `needed_bytes` below `folder`.

    Raises:
        GroundplanError: there is not enough room, or it ran out; names the folder, what is free and needed.
    """
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes:
        raise _full(folder, needed_bytes, free_bytes, purpose)
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise _full(folder, needed_bytes, shutil.disk_usage(folder).free, purpose) from error
    except GroundplanError as error:
        if _MESSAGE_OF_THE_KERNEL not in str(error).lower():
            raise
        raise _full(folder, needed_bytes, shutil.disk_usage(folder).free, purpose, error.log) from error


def _full(
    folder: Path, needed_bytes: int, free_bytes: int, purpose: str, log: str | None = None
) -> GroundplanError:
    return GroundplanError(
        f"The disk is full: {purpose} needs about {needed_bytes / _GIB:.1f} GiB in {folder}, "
        f"and {free_bytes / _GIB:.1f} GiB are free.",
        hint="Free some space, or keep the cache elsewhere: GROUNDPLAN_CACHE=/other/folder make rehearse. "
        "What was finished before is kept.",
        log=log,
    )
