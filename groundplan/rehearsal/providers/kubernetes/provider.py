"""The gRPC service that the Pulumi engine talks to."""
# ruff: noqa: N802, ARG002 - method names and signatures are the protocol's

from __future__ import annotations

import functools
import sys
import traceback
from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf import any_pb2, empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal.providers.kubernetes import check, configuration, objects
from groundplan.rehearsal.providers.kubernetes.client import UnreachableError
from groundplan.rehearsal.providers.kubernetes.comparison import compare
from groundplan.rehearsal.providers.kubernetes.diff import Change
from groundplan.rehearsal.providers.kubernetes.resources import NotReadyError, Resources
from groundplan.rehearsal.providers.kubernetes.session import Environment, Sessions
from groundplan.rehearsal.providers.kubernetes.settings import parse, problems
from groundplan.rehearsal.providers.kubernetes.values import decode, encode

STANDS_FOR_VERSION = "4.34.2"
"""Version of the official plugin (and of its SDK) that this provider takes the place of."""

Method = Callable[..., Any]


def _answers(method: Method) -> Method:
    """Turn what a method raises into the status that the engine understands."""

    @functools.wraps(method)
    def answer(self: KubernetesService, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except NotReadyError as error:
            _abort_partially(context, error)
        except GroundplanError as error:
            cancelled = error.exit_code is ExitCode.CANCELLED
            context.abort(grpc.StatusCode.CANCELLED if cancelled else grpc.StatusCode.UNKNOWN, str(error))
        except Exception as error:  # noqa: BLE001 - the engine must get an answer, and the log the traceback
            traceback.print_exc(file=sys.stderr)
            context.abort(grpc.StatusCode.INTERNAL, f"kubernetes provider: {type(error).__name__}: {error}")

    return answer


def _abort_partially(context: grpc.ServicerContext, error: NotReadyError) -> None:
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=error.object_id, properties=encode(error.outputs), reasons=error.reasons
        )
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=error.message, details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, error.message)


class KubernetesService(provider_pb2_grpc.ResourceProviderServicer):
    """Serves `kubernetes:*` to any number of provider instances.

    Args:
        environment: gives the variables of the rehearsal's shell, for kubeconfigs and login commands.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._sessions = Sessions()

    # --- the provider itself ----------------------------------------------------------------------
    @_answers
    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        """Learn the engine's address; tell what we understand."""
        self._sessions.of(context).engine_address = request.engine_address
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    @_answers
    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Learn the engine's address."""
        self._sessions.of(context).engine_address = request.address
        return empty_pb2.Empty()

    @_answers
    def GetPluginInfo(
        self,
        request: empty_pb2.Empty,
        context: grpc.ServicerContext,
    ) -> plugin_pb2.PluginInfo:
        """Name the version of the official plugin that we stand for."""
        return plugin_pb2.PluginInfo(version=STANDS_FOR_VERSION)

    @_answers
    def CheckConfig(
        self,
        request: provider_pb2.CheckRequest,
        context: grpc.ServicerContext,
    ) -> provider_pb2.CheckResponse:
        """Refuse settings that have no meaning here."""
        found = problems(decode(request.news))
        return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(found))

    @_answers
    def DiffConfig(
        self,
        request: provider_pb2.DiffRequest,
        context: grpc.ServicerContext,
    ) -> provider_pb2.DiffResponse:
        """Replace the provider, and so all its resources, when it points to another cluster."""
        changed, replaces = configuration.compare(decode(request.old_inputs), decode(request.news))
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=changed,
            replaces=replaces,
        )

    @_answers
    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Take over a configuration that CheckConfig let pass."""
        self._sessions.of(context).configure(parse(decode(request.args)), self._environment)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @_answers
    def Cancel(
        self,
        request: empty_pb2.Empty,
        context: grpc.ServicerContext,
    ) -> empty_pb2.Empty:
        """End every wait of this provider instance."""
        self._sessions.of(context).cancel()
        return empty_pb2.Empty()

    # --- resources --------------------------------------------------------------------------------
    @_answers
    def Check(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Complete and validate inputs."""
        with self._sessions.of(context).resources(request.urn, context) as resources:
            checked = check.check(
                name=request.name or request.urn.rpartition("::")[2],
                token=_token(request),
                olds=decode(request.olds),
                news=decode(request.news),
                seed=request.randomSeed,
                namespaced=functools.partial(_namespaced, resources),
                default_namespace=resources.default_namespace,
            )
        return provider_pb2.CheckResponse(inputs=encode(checked.inputs), failures=_failures(checked.failures))

    @_answers
    def Diff(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """Compare the state's inputs with the program's."""
        with self._sessions.of(context).resources(request.urn, context) as resources:
            found = compare(resources, decode(request.old_inputs), decode(request.olds), decode(request.news))
        details = {change.property_path: _detail(change, found.replacing) for change in found.changes}
        response = provider_pb2.DiffResponse
        return response(
            changes=response.DIFF_SOME if found.changes else response.DIFF_NONE,
            diffs=sorted({str(change.path[0]) for change in found.changes}),
            replaces=sorted({change.property_path for change in found.replacing}),
            detailedDiff=details,
            hasDetailedDiff=True,
            deleteBeforeReplace=found.delete_first,
        )

    @_answers
    def Create(
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        """Create an object, or say what it would become."""
        inputs = decode(request.properties)
        with self._sessions.of(context).resources(request.urn, context) as resources:
            if request.preview:
                return provider_pb2.CreateResponse(properties=encode(resources.preview_create(inputs)))
            object_id, outputs = resources.create(inputs, request.timeout)
        return provider_pb2.CreateResponse(id=object_id, properties=encode(outputs))

    @_answers
    def Read(
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        """Look at the live object; an empty id says that it is gone."""
        state = decode(request.properties)
        with self._sessions.of(context).resources(request.urn, context) as resources:
            try:
                found = resources.read(request.id, _token(request), decode(request.inputs), state)
            except UnreachableError:
                if not resources.settings.delete_unreachable:
                    raise
                found = None
        if found is None:
            return provider_pb2.ReadResponse()
        inputs, outputs = found
        return provider_pb2.ReadResponse(id=request.id, inputs=encode(inputs), properties=encode(outputs))

    @_answers
    def Update(
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        """Change an object, or say what it would become."""
        inputs, state = decode(request.news), decode(request.olds)
        with self._sessions.of(context).resources(request.urn, context) as resources:
            if request.preview:
                outputs = resources.preview_update(inputs, state)
            else:
                outputs = resources.update(inputs, state, request.timeout)
        return provider_pb2.UpdateResponse(properties=encode(outputs))

    @_answers
    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Delete an object."""
        state = decode(request.properties)
        with self._sessions.of(context).resources(request.urn, context) as resources:
            try:
                resources.delete(request.id, _token(request), state, request.timeout)
            except UnreachableError:
                if not resources.settings.delete_unreachable:
                    raise
        return empty_pb2.Empty()

    # --- what there is none of --------------------------------------------------------------------
    @_answers
    def Invoke(
        self,
        request: provider_pb2.InvokeRequest,
        context: grpc.ServicerContext,
    ) -> provider_pb2.InvokeResponse:
        """Refuse functions."""
        raise GroundplanError(f"{request.tok}: the rehearsal's Kubernetes provider has no functions.")

    @_answers
    def Construct(
        self,
        request: provider_pb2.ConstructRequest,
        context: grpc.ServicerContext,
    ) -> provider_pb2.ConstructResponse:
        """Refuse components."""
        objects.parse_token(request.type)
        raise GroundplanError(f"{request.type}: the rehearsal's Kubernetes provider has no components.")


def _token(request: Any) -> objects.Token:
    type_chain = request.urn.split("::")[2]
    return objects.parse_token(request.type or type_chain.rpartition("$")[2])


def _namespaced(resources: Resources, api_version: str, kind: str) -> bool | None:
    try:
        found = resources.discovery.find(api_version, kind)
    except UnreachableError:
        return None  # a preview may go on; whatever needs the cluster will say that it is not there
    return found.namespaced if found else None


def _failures(found: dict[str, str]) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in found.items()]


def _detail(change: Change, replacing: set[Change]) -> provider_pb2.PropertyDiff:
    name = f"{change.kind}_REPLACE" if change in replacing else str(change.kind)
    return provider_pb2.PropertyDiff(kind=provider_pb2.PropertyDiff.Kind.Value(name), inputDiff=True)
