"""Tests of what a run over Elastic Fabric Adapters needs before it begins."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from groundplan_common.errors import ServiceError, SettingsError
from training.fabric import require_fabric

LIBRARY = Path("/usr/lib/x86_64-linux-gnu/libc.so.6")
"""Any library that can be loaded."""


def _adapters(folder: Path, count: int) -> Path:
    for number in range(count):
        (folder / f"uverbs{number}").touch()
    return folder


def test_adapters_and_a_plugin_are_enough(tmp_path: Path) -> None:
    """More adapters than claimed do no harm."""
    plugin = shutil.copy(LIBRARY, tmp_path / "libnccl-net-ofi.so")
    require_fabric(4, devices=_adapters(tmp_path, 5), plugin=str(plugin))


def test_missing_adapters_are_named(tmp_path: Path) -> None:
    """A pod whose node lost its driver for a moment: the next attempt may have them."""
    with pytest.raises(
        ServiceError, match=r"EFA_INTERFACES=4: .* has 3\. .* class efa\.networking\.k8s\.aws"
    ):
        require_fabric(4, devices=_adapters(tmp_path, 3), plugin=str(LIBRARY))


def test_an_image_without_the_plugin_is_refused(tmp_path: Path) -> None:
    """NCCL would wait for peers first, and say less."""
    with pytest.raises(SettingsError, match=r"libnccl-net-ofi\.so.* whose base has aws-ofi-nccl"):
        require_fabric(4, devices=_adapters(tmp_path, 4))
