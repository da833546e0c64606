"""The inventory after a destroy looks at every AWS service that the program uses in any environment."""

from __future__ import annotations

import pytest
from moto.core.utils import get_service_model

from groundplan.rehearsal import inventory_edge
from groundplan.rehearsal.emulator import calls
from groundplan.rehearsal.inventory import LISTERS
from tests.unit.infra.recording import estate_of

ENVIRONMENTS = ("dev", "staging", "prod")
_OTHER_NAMES = {
    "cfg": "config",
    "costexplorer": "ce",
    "inspector": "inspector2",
    "ec2transitgateway": "ec2",
    "msk": "kafka",
    "vpc": "ec2",
}
"""Modules of pulumi-aws that are not named as boto3 names their service."""
_LOGS = ("aws:cloudwatch/log",)
_EVENTS = ("aws:cloudwatch/event",)
_EVERYWHERE = {"cloudfront", "route53"}
"""Services without regions."""
_HOLD_NOTHING = {
    "aws:index/": "functions and the provider",
    "aws:servicequotas/": "requests: quotas stay with the account",
}


def _service(token: str) -> str:
    if token.startswith(_LOGS):
        return "logs"
    if token.startswith(_EVENTS):
        return "events"
    module = token.split(":")[1].split("/", maxsplit=1)[0]
    return _OTHER_NAMES.get(module, module)


def _listers(provider: str) -> frozenset[str]:
    """Services that are listed where a provider makes resources; some are the same in every region."""
    edge = frozenset(inventory_edge.LISTERS)
    return edge if "::aws-edge::" in provider else frozenset(LISTERS) | (edge & _EVERYWHERE)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_service_of_the_program_is_listed(environment: str) -> None:
    """A resource of a service without a lister in its region would be left behind unseen."""
    resources = {
        (resource.type, resource.provider)
        for resource in estate_of(environment).resources
        if resource.type.startswith("aws:") and not resource.type.startswith(tuple(_HOLD_NOTHING))
    }
    assert len(resources) > 30
    unseen = {token: provider for token, provider in resources if _service(token) not in _listers(provider)}
    assert unseen == {}


@pytest.mark.parametrize("service", sorted(LISTERS))
def test_calls_to_every_service_are_understood(service: str) -> None:
    """By the name in a signature, which is not always botocore's: policies are asked about each call."""
    assert calls.model_of(get_service_model(service).signing_name, "/") in {service, "s3"}
