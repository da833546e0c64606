"""How the machine's package sources are read."""

from __future__ import annotations

import platform

import pytest

from groundplan.errors import GroundplanError
from groundplan.rehearsal.images.machine import debian_sources, pip_settings


@pytest.fixture(autouse=True)
def _bookworm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"VERSION_CODENAME": "bookworm"})


def test_debian_sources_follow_the_machines_mirrors() -> None:
    """Each pocket of the machine's own release becomes the same pocket of the bases' suite; others do not."""
    targets = (
        "http://mirror.test/debian/ bookworm main\n"
        "http://mirror.test/debian/ bookworm contrib\n"
        "http://other.test/apt/ stable main\n"
        "http://mirror.test/security/ bookworm-security main\n"
    )
    assert list(debian_sources(targets)) == [
        "deb http://mirror.test/debian/ trixie main",
        "deb http://mirror.test/security/ trixie-security main",
    ]


def test_machine_without_a_mirror_is_told_what_to_do() -> None:
    """Without a main archive there is nothing to make a base from."""
    with pytest.raises(GroundplanError, match="no Debian mirror") as failure:
        list(debian_sources("http://other.test/apt/ stable main\n"))
    assert "apt-get update" in (failure.value.hint or "")


def test_pip_settings_of_the_environment_win() -> None:
    """Index and time-out are passed on; taste and folders of this machine are not."""
    listing = (
        "global.index-url='https://files.test/simple'\n"
        "global.timeout='60'\n"
        "install.user='true'\n"
        ":env:.timeout='180'\n"
        ":env:.find-links='/opt/wheels'\n"
    )
    assert pip_settings(listing) == {"index-url": "https://files.test/simple", "timeout": "180"}
