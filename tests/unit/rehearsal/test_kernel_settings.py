"""The machine's kernel settings after rehearsals, on files that stand for the kernel's."""

from __future__ import annotations

from pathlib import Path

import pytest

from groundplan.rehearsal import kernel_settings


@pytest.fixture
def setting(tmp_path: Path) -> Path:
    """A kernel with one setting, at 0."""
    file = tmp_path / "sys" / "vm" / "overcommit_memory"
    file.parent.mkdir(parents=True)
    file.write_text("0\n")
    return file


def test_a_setting_is_put_back(setting: Path, tmp_path: Path) -> None:
    """Also when the kubelet was started twice, the second time after the change."""
    kernel, kept = tmp_path / "sys", tmp_path / "kept"
    kernel_settings.keep("a", kernel, kept)
    setting.write_text("1\n")
    kernel_settings.keep("a", kernel, kept)
    kernel_settings.restore("a", kernel, kept)
    assert setting.read_text() == "0\n"


def test_the_last_of_two_rehearsals_puts_it_back(setting: Path, tmp_path: Path) -> None:
    """The first to stop leaves the setting to the other, which never saw the value from before."""
    kernel, kept = tmp_path / "sys", tmp_path / "kept"
    kernel_settings.keep("a", kernel, kept)
    setting.write_text("1\n")
    kernel_settings.keep("b", kernel, kept)
    kernel_settings.restore("a", kernel, kept)
    assert setting.read_text() == "1\n"
    kernel_settings.restore("b", kernel, kept)
    assert setting.read_text() == "0\n"


def test_a_second_stop_changes_nothing(setting: Path, tmp_path: Path) -> None:
    """What a person sets after a rehearsal stays."""
    kernel, kept = tmp_path / "sys", tmp_path / "kept"
    kernel_settings.keep("a", kernel, kept)
    kernel_settings.restore("a", kernel, kept)
    setting.write_text("2\n")
    kernel_settings.restore("a", kernel, kept)
    assert setting.read_text() == "2\n"
