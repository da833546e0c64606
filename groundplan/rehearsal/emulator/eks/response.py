"""Puts EKS' operations together and in moto's place."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores, get_service_model
from moto.eks import urls as moto_urls

from groundplan.rehearsal.emulator.eks.access import AccessOperations
from groundplan.rehearsal.emulator.eks.addons import AddonOperations
from groundplan.rehearsal.emulator.eks.clusters import ClusterOperations
from groundplan.rehearsal.emulator.eks.errors import EksError, InvalidParameterError, InvalidRequestError
from groundplan.rehearsal.emulator.eks.node_groups import NodeGroupOperations
from groundplan.rehearsal.emulator.eks.operations import UpdateOperations
from groundplan.rehearsal.emulator.eks.pod_identity import PodIdentityOperations
from groundplan.rehearsal.emulator.eks.store import EksStore
from groundplan.rehearsal.emulator.eks.tags import TagOperations
from groundplan.rehearsal.emulator.shapes import problems


class EksResponse(
    ClusterOperations,
    NodeGroupOperations,
    AddonOperations,
    AccessOperations,
    PodIdentityOperations,
    TagOperations,
    UpdateOperations,
):
    """One request to EKS; its parameters are checked against the service model first."""

    def __init__(self) -> None:
        super().__init__(service_name="eks")
        self.automated_parameter_parsing = True

    def call_action(self) -> Any:
        """Answer the request; one at a time, for records are shared."""
        try:
            self._check_request()
        except EksError as error:
            status, headers, body = self.serialized(ActionResult(error))
            return status, headers | {"status": str(status)}, body
        with self.store.lock:
            return super().call_action()

    def _check_request(self) -> None:
        action = self._get_action()
        if action is None or camelcase_to_underscores(action) not in implemented():
            raise InvalidRequestError(
                f"The emulator of the rehearsal does not have eks:{action or self.path}"
            )
        shape = get_service_model("eks").operation_model(action).input_shape
        wrong = list(problems(shape, dict(self.params))) if shape else []
        if wrong:
            raise InvalidParameterError("; ".join(wrong))


def implemented() -> dict[str, str]:
    """Operations that the emulator answers: method name -> name in the service model."""
    names = {camelcase_to_underscores(name): name for name in get_service_model("eks").operation_names}
    return {method: name for method, name in names.items() if hasattr(EksResponse, method)}


def install(store: EksStore) -> None:
    """Let moto's server answer EKS requests from this store, and from those of other regions.

    Call it before the first request.
    """
    of_region = property(lambda response: store.there(response.region))
    response = type("BoundEksResponse", (EksResponse,), {"store": of_region})
    paths: dict[str, Any] = moto_urls.url_paths  # moto infers a narrower type from its own handlers
    paths.clear()
    paths["{0}/(?P<path>.+)$"] = response.dispatch
