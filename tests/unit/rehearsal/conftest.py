"""Fixtures of the tests that need an emulator."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from groundplan.rehearsal.emulator.server import Emulator
from tests.unit.rehearsal.emulator.emulated import REGION, Emulated, fresh_account, running_emulator


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Generator[Emulator]:
    """One emulator for all tests."""
    with running_emulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture(scope="module")
def aws(emulator: Emulator) -> Emulated:
    """The emulator, with an account of this module's own."""
    return fresh_account(emulator)


@pytest.fixture
def shell(aws: Emulated, monkeypatch: pytest.MonkeyPatch) -> Emulated:
    """A shell whose account is the emulator's."""
    variables = {
        "AWS_ENDPOINT_URL": aws.emulator.api.local_url,
        "AWS_CA_BUNDLE": str(aws.emulator.world.certificate_authority),
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": aws.credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": aws.credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": aws.credentials["SessionToken"],
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return aws
