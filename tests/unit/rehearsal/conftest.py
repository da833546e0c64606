"""Fixtures of the tests that need an emulator."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from groundplan.rehearsal.emulator.server import Emulator
from tests.unit.rehearsal.emulator.emulated import Emulated, fresh_account, running_emulator


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Generator[Emulator]:
    """One emulator for all tests."""
    with running_emulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture(scope="module")
def aws(emulator: Emulator) -> Emulated:
    """The emulator, with an account of this module's own."""
    return fresh_account(emulator)
