"""Mounts below a folder, read from a table in the kernel's format."""

from __future__ import annotations

from pathlib import Path

from groundplan.rehearsal import mounts

_TABLE = """\
21 1 8:1 / / rw,relatime - ext4 /dev/vda rw
30 21 0:30 / /work/x/data/kubelet/pods/1 rw - tmpfs tmpfs rw
31 30 0:31 / /work/x/data/kubelet/pods/1/inner rw - tmpfs tmpfs rw
32 21 0:32 / /work/x/with\\040space rw - tmpfs tmpfs rw
33 21 0:33 / /work/xy rw - tmpfs tmpfs rw
"""


def test_only_what_is_below_newest_first(tmp_path: Path) -> None:
    """Inner mounts come first, escapes are read, and a path that only begins alike is not below."""
    table = tmp_path / "mountinfo"
    table.write_text(_TABLE)
    inner = Path("/work/x/data/kubelet/pods/1/inner")
    assert mounts.below(Path("/work/x"), table) == [Path("/work/x/with space"), inner, inner.parent]
