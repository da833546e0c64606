"""Clients whose every answer is checked against the service model."""

from __future__ import annotations

import json
from typing import Any

from moto.core.utils import get_service_model

from groundplan.rehearsal import inventory
from groundplan.rehearsal.emulator.shapes import problems
from tests.unit.rehearsal.emulator.emulated import REGION, Emulated


def checked_client(aws: Emulated, service: str, region: str = REGION) -> Any:
    """A client that fails when an answer has a wrong shape, or a member that AWS does not have."""
    client = aws.client(service, region=region)
    client.meta.events.register("after-call", _check)
    return client


def _check(http_response: Any, parsed: dict[str, Any], model: Any, **_: Any) -> None:
    shape = get_service_model(model.service_model.service_name).operation_model(model.name).output_shape
    if http_response.status_code < 300 and shape is not None:
        if "json" in model.service_model.metadata["protocol"]:  # XML is written along the model
            raw = json.loads(http_response.content or b"{}")
            names = {member.serialization.get("name", name) for name, member in shape.members.items()}
            assert not set(raw) - names, f"{model.name}: {set(raw) - names}"
        body = {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
        assert list(problems(shape, body)) == []


def left(aws: Emulated, service: str) -> list[str]:
    """What the inventory lists of a service."""
    world = aws.emulator.world
    reach = (aws.emulator.api.local_url, world.certificate_authority)
    return inventory.take(*reach, REGION, aws.credentials, only={service})[service]
