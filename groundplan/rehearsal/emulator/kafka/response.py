"""Puts MSK's operations together and in moto's place."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores, get_service_model
from moto.kafka import urls as moto_urls

from groundplan.rehearsal.emulator.kafka.clusters import UpdateOperations
from groundplan.rehearsal.emulator.kafka.errors import BadRequestError, KafkaError
from groundplan.rehearsal.emulator.kafka.operations import ConfigurationOperations, TagOperations
from groundplan.rehearsal.emulator.kafka.store import KafkaStore
from groundplan.rehearsal.emulator.kafka.topics import TopicOperations
from groundplan.rehearsal.emulator.shapes import problems


class KafkaResponse(UpdateOperations, ConfigurationOperations, TopicOperations, TagOperations):
    """One request to MSK; its parameters are checked against the service model first."""

    def __init__(self) -> None:
        super().__init__(service_name="kafka")
        self.automated_parameter_parsing = True

    def call_action(self) -> Any:
        """Answer the request."""
        try:
            self._check_request()
        except KafkaError as error:
            status, headers, body = self.serialized(ActionResult(error))
            return status, headers | {"status": str(status)}, body
        return super().call_action()

    def _check_request(self) -> None:
        action = self._get_action()
        if action is None or camelcase_to_underscores(action) not in implemented():
            raise BadRequestError(f"The emulator of the rehearsal does not have kafka:{action or self.path}")
        shape = get_service_model("kafka").operation_model(action).input_shape
        wrong = list(problems(shape, dict(self.params))) if shape else []
        if wrong:
            raise BadRequestError("; ".join(wrong))


def implemented() -> dict[str, str]:
    """Operations that the emulator answers: method name -> name in the service model."""
    names = {camelcase_to_underscores(name): name for name in get_service_model("kafka").operation_names}
    return {method: name for method, name in names.items() if hasattr(KafkaResponse, method)}


def install(store: KafkaStore) -> None:
    """Let moto's server answer MSK requests from this store, and from those of other regions.

    Call it before the first request.
    """
    of_region = property(lambda response: store.there(response.region))
    response = type("BoundKafkaResponse", (KafkaResponse,), {"store": of_region})
    paths: dict[str, Any] = moto_urls.url_paths  # moto infers a narrower type from its own handlers
    paths.clear()
    paths["{0}/(?P<path>.+)$"] = response.dispatch
