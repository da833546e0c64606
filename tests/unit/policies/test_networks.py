"""Which ranges are the internet, and which references are there."""

from __future__ import annotations

import pytest

from policies.core.networks import is_world
from policies.core.values import UNKNOWN, UnknownError, View, WrongTypeError


@pytest.mark.parametrize("cidr", ["0.0.0.0/0", "128.0.0.0/1", "::/0", "2000::/3", "anywhere"])
def test_the_internet_and_what_is_no_range(cidr: str) -> None:
    """Halves of the internet open as much as all of it; a typo does not pass."""
    assert is_world(cidr)


@pytest.mark.parametrize("cidr", ["10.0.0.0/8", "198.51.100.7", "198.51.100.7/24", "2001:db8::/32"])
def test_networks(cidr: str) -> None:
    """Somebody's range, however large."""
    assert not is_world(cidr)


def test_a_reference_is_there_before_its_value_is_known() -> None:
    """The key of a volume has an ARN only after the update; that there is one is known before."""
    view = View({"kmsKeyId": UNKNOWN, "empty": "", "ebs": UNKNOWN, "number": 7})
    assert view.named("kmsKeyId")
    assert not view.named("empty")
    assert not view.named("absent")
    with pytest.raises(UnknownError):
        view.named("ebs.kmsKeyId")
    with pytest.raises(WrongTypeError):
        view.named("number")
