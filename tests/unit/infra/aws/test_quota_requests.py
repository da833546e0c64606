"""Tests of the requests for quotas."""

from __future__ import annotations

from typing import Any

import pytest

from infra.settings.account_quotas import AccountQuotaSettings, figures
from infra.settings.recovery import STANDBY_SUFFIX
from tests.unit.infra.recording import dev_config, dev_settings, estate_of, record, run_program, stack_config

REQUEST = "aws:servicequotas/serviceQuota:ServiceQuota"


def _asked(environment: str) -> dict[str, list[float]]:
    """Values by code: one for each region."""
    found: dict[str, list[float]] = {}
    for request in estate_of(environment).of(REQUEST):
        assert request.inputs["serviceCode"] == "ec2"
        found.setdefault(request.inputs["quotaCode"], []).append(request.inputs["value"])
    return found


@pytest.mark.parametrize(("environment", "regions"), [("dev", 1), ("staging", 1), ("prod", 2)])
def test_each_environment_asks_for_what_its_pools_count_on(environment: str, regions: int) -> None:
    """Once for each quota in each region, the standby's included; for nothing that is 0."""
    platform = stack_config(environment)["groundplan:platform"]
    quotas = AccountQuotaSettings.model_validate(platform["account_quotas"])
    assert _asked(environment) == {code: [vcpus] * regions for code, vcpus in figures(quotas).items()}


def test_the_standby_asks_for_nothing() -> None:
    """Its quotas were asked for by the environment that it stands in for."""
    assert _asked(f"prod{STANDBY_SUFFIX}") == {}


def test_a_request_is_never_changed() -> None:
    """What AWS grants is no difference; another figure is another request."""
    requests = estate_of("dev").of(REQUEST)
    assert {request.ignore_changes for request in requests} == {("value",)}
    names = {request.name for request in requests}
    assert "groundplan-dev-quota-requests-L-DB2E81BA-288" in names


def test_the_providers_tell_the_regions_apart() -> None:
    """In the second region, by its own provider, and by its own names."""
    requests = estate_of("prod").of(REQUEST)
    assert len({request.urn for request in requests}) == len(requests)
    by_name: dict[str, set[str]] = {}
    for request in requests:
        by_name.setdefault(request.inputs["quotaCode"], set()).add(request.provider)
    assert {len(providers) for providers in by_name.values()} == {2}


def test_nothing_is_asked_for_without_the_word() -> None:
    """The figures are compared all the same."""
    quotas: dict[str, Any] = dev_config()["groundplan:platform"]["account_quotas"] | {"request": False}
    recording = record(lambda: run_program(dev_settings(account_quotas=quotas)))
    assert recording.of(REQUEST) == []
