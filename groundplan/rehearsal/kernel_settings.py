"""Settings of the machine's kernel that a kubelet changes as it starts, put back when the last one stops."""

from __future__ import annotations

import json
from pathlib import Path

_SETTINGS = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
_KERNEL = Path("/proc/sys")
_KEPT = Path("/run/groundplan/kernel-settings")
"""One file for each rehearsal that runs a kubelet, all with the values from before the first."""


def keep(rehearsal_id: str, kernel: Path = _KERNEL, kept: Path = _KEPT) -> None:
    """Note the settings as they are, or as they were before another rehearsal's kubelet changed them."""
    kept.mkdir(parents=True, exist_ok=True)
    file = kept / f"{rehearsal_id}.json"
    if not file.exists():
        earlier = next(kept.glob("*.json"), None)
        found = earlier.read_text() if earlier else json.dumps(_read(kernel))
        draft = file.with_suffix(".new")
        draft.write_text(found)
        draft.replace(file)


def restore(rehearsal_id: str, kernel: Path = _KERNEL, kept: Path = _KEPT) -> None:
    """Put the settings back unless another rehearsal's kubelet needs them. Without `keep`, does nothing."""
    file = kept / f"{rehearsal_id}.json"
    if not file.exists():
        return
    if set(kept.glob("*.json")) == {file}:
        current = _read(kernel)
        for setting, value in json.loads(file.read_text()).items():
            if current[setting] != value:
                (kernel / setting).write_text(value)
    file.unlink()


def _read(kernel: Path) -> dict[str, str]:
    return {setting: (kernel / setting).read_text() for setting in _SETTINGS if (kernel / setting).exists()}
