"""The resource provider that the Pulumi engine attaches to as `aws`: renames, and passes all else through."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from typing import Any

import grpc
from botocore.exceptions import BotoCoreError, ClientError
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from groundplan.rehearsal.providers.aws import translation, values
from groundplan.rehearsal.providers.aws.bridges import Bridges, Served
from groundplan.rehearsal.providers.aws.engine_relay import EngineRelay
from groundplan.rehearsal.providers.aws.msk_topic import TOKEN as MSK_TOPIC
from groundplan.rehearsal.providers.aws.msk_topic import MskTopics
from groundplan.rehearsal.providers.aws.translation import Dictionary, Entry, UnknownTokenError

_SHORT = (provider_pb2.CheckRequest, provider_pb2.DiffRequest)
"""Nothing of the account is asked. Most calls are such, and one that can be cancelled costs a thread."""
_STATUS_DETAILS = "grpc-status-details-bin"

REHEARSAL_SETTINGS = {
    "skipCredentialsValidation": True,
    "skipMetadataApiCheck": "true",
    "s3UsePathStyle": True,
}
"""Settings of terraform-provider-aws that a world without AWS needs; the program need not know them."""

_log = logging.getLogger(__name__)


class AwsProvider(provider_pb2_grpc.ResourceProviderServicer):
    """pulumi-aws' names in front, the bridge's behind.

    Args:
        bridges: where calls go.
        dictionary: what differs.
        relay: takes the bridges' log.
        relay_address: where the bridges reach the relay; known once the server listens.
        topics: serves the topics of MSK where the bridge does not.
    """

    def __init__(
        self,
        bridges: Bridges,
        dictionary: Dictionary,
        relay: EngineRelay,
        relay_address: Callable[[], str],
        topics: MskTopics,
    ) -> None:
        self._bridges = bridges
        self._topics = topics
        self._dictionary = dictionary
        self._relay = relay
        self._relay_address = relay_address

    # --- the provider itself ---------------------------------------------------------------
    def Handshake(  # noqa: N802 - the protocol's name
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        """The bridge does not have it, and the engine does without."""
        del request
        return context.abort(grpc.StatusCode.UNIMPLEMENTED, "no handshake")

    def GetPluginInfo(  # noqa: N802 - the protocol's name
        self, request: empty_pb2.Empty, context: grpc.ServicerContext
    ) -> plugin_pb2.PluginInfo:
        """Ask the bridge, so that an answer means that it runs; the version is that of its names."""
        self._pass("GetPluginInfo", request, context)
        return plugin_pb2.PluginInfo(version=version("pulumi_aws"))

    def Attach(  # noqa: N802 - the protocol's name
        self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """A run of the engine begins: the bridge logs to the relay, which knows the engine."""
        self._relay.connect(request.address)
        return self._pass("Attach", plugin_pb2.PluginAttach(address=self._relay_address()), context)

    def GetMapping(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """None: converters have no use for a provider under these names."""
        del request, context
        return provider_pb2.GetMappingResponse()

    def Cancel(  # noqa: N802 - the protocol's name
        self, request: empty_pb2.Empty, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """Stop what is under way."""
        return self._pass("Cancel", request, context)

    def CheckConfig(  # noqa: N802 - the protocol's name
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Accept the settings as the program gives them; the Terraform provider judges them in Configure."""
        del context
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(  # noqa: N802 - the protocol's name
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """A change of settings never replaces resources, except a change of region or account."""
        del context
        old, new = dict(request.old_inputs.items()), dict(request.news.items())
        changed = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        kind = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        moved = [name for name in changed if name == translation.REGION]
        return provider_pb2.DiffResponse(changes=kind, diffs=changed, replaces=moved)

    def Configure(  # noqa: N802 - the protocol's name
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Configure a bridge with the program's settings and those of the rehearsal."""
        values.settings_to_bridge(request.args, self._dictionary.configuration())
        request.args.update(REHEARSAL_SETTINGS)
        request.args.fields.pop("version", None)
        request.variables.clear()
        with _errors_of_bridge(context):
            return self._bridges.configure(context.peer(), request)

    # --- resources -------------------------------------------------------------------------
    def Check(  # noqa: N802 - the protocol's name
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Validate inputs and fill in defaults; refuse inputs that the provider at hand does not have."""
        served = self._served(context)
        if self._is_ours(request.urn):
            return self._topics.check(request, served.region)
        ask = partial(self._check, request, served, context)
        return served.answers.to(request, ask, worth_keeping=self._said_nothing_of(request.urn))

    def _check(
        self, request: provider_pb2.CheckRequest, served: Served, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        entry = self._resource(request.urn, context)
        refused = translation.refused_inputs(request.news, entry, served.region)
        if refused:
            return provider_pb2.CheckResponse(inputs=request.news, failures=refused)
        answer = self._about(entry, served, "Check", request, context)
        translation.failures_to_sdk(answer.failures, entry.shape)
        return answer

    def Diff(  # noqa: N802 - the protocol's name
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """Compare."""
        if self._is_ours(request.urn):
            return self._topics.diff(request)
        served = self._served(context)
        ask = partial(self._diff, request, served, context)
        return served.answers.to(request, ask, worth_keeping=self._said_nothing_of(request.urn))

    def _diff(
        self, request: provider_pb2.DiffRequest, served: Served, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        entry = self._resource(request.urn, context)
        answer = self._about(entry, served, "Diff", request, context)
        translation.diff_to_sdk(answer, entry)
        return answer

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Create, or plan to."""
        return self._forward("Create", request, context)

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Read the actual state."""
        return self._forward("Read", request, context)

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Update in place, or plan to."""
        return self._forward("Update", request, context)

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Delete."""
        return self._forward("Delete", request, context)

    # --- functions -------------------------------------------------------------------------
    def Invoke(  # noqa: N802 - the protocol's name
        self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        """Call a function (a data source)."""
        served = self._served(context)
        entry = self._found(self._dictionary.function, request.tok, context)
        refused = translation.refused_inputs(request.args, entry, served.region)
        if refused:
            return provider_pb2.InvokeResponse(failures=refused)
        request.tok = entry.token
        values.to_bridge(request.args, entry.shape)
        with _errors_of_bridge(context):
            answer = _call(served.bridge.stub.Invoke, request, context)
        result = getattr(answer, "return")
        values.to_sdk(result, entry.shape)
        if entry.lacks_region and result.fields:
            result[translation.REGION] = served.region
        translation.failures_to_sdk(answer.failures, entry.shape)
        return answer

    # --- how -------------------------------------------------------------------------------
    def _served(self, context: grpc.ServicerContext) -> Served:
        return self._bridges.of(context.peer())

    def _pass(self, method: str, request: Any, context: grpc.ServicerContext) -> Any:
        with _errors_of_bridge(context):
            return _call(getattr(self._served(context).bridge.stub, method), request, context)

    def _is_ours(self, urn: str) -> bool:
        """Whether the type is served here, because the provider at hand lacks it."""
        return translation.type_of(urn) == MSK_TOPIC and not self._dictionary.has(MSK_TOPIC)

    def _forward(self, method: str, request: Any, context: grpc.ServicerContext) -> Any:
        if self._is_ours(request.urn):
            try:
                return getattr(self._topics, method.lower())(request)
            except (BotoCoreError, ClientError) as error:
                return context.abort(grpc.StatusCode.UNKNOWN, str(error))
        entry = self._resource(request.urn, context)
        return self._about(entry, self._served(context), method, request, context)

    def _about(
        self,
        entry: Entry,
        served: Served,
        method: str,
        request: Any,
        context: grpc.ServicerContext,
    ) -> Any:
        urn, kept = request.urn, translation.kept_inputs(request, entry)
        translation.request_to_bridge(request, entry)
        self._relay.remember(request.urn, urn)
        with _errors_of_bridge(context, entry, served.region):
            answer = _call(getattr(served.bridge.stub, method), request, context)
        translation.answer_to_sdk(answer, entry, served.region)
        translation.put_back(answer, kept)
        return answer

    def _said_nothing_of(self, urn: str) -> Callable[[], bool]:
        """Warnings come with an answer, and must come again with the next."""
        return lambda: not self._relay.spoken_of(urn)

    def _resource(self, urn: str, context: grpc.ServicerContext) -> Entry:
        return self._found(self._dictionary.resource, translation.type_of(urn), context)

    @staticmethod
    def _found(find: Callable[[str], Entry], token: str, context: grpc.ServicerContext) -> Entry:
        try:
            return find(token)
        except UnknownTokenError:
            return context.abort(
                grpc.StatusCode.NOT_FOUND,
                f"the terraform-provider-aws of this rehearsal has nothing like {token}",
            )


def _call(method: Any, request: Any, context: grpc.ServicerContext) -> Any:
    """Call the bridge; a caller that hangs up cancels the call, unless it is a short one."""
    if isinstance(request, _SHORT):
        return method(request)
    call = method.future(request)
    context.add_callback(call.cancel)
    return call.result()


@contextmanager
def _errors_of_bridge(
    context: grpc.ServicerContext, entry: Entry | None = None, region: str = ""
) -> Generator[None]:
    """Hand the bridge's error to the engine as it is, its details under pulumi-aws' names."""
    try:
        yield
    except grpc.RpcError as error:
        if not isinstance(error, grpc.Call):
            raise
        trailing = {entry_.key: entry_.value for entry_ in error.trailing_metadata() or ()}
        details = trailing.get(_STATUS_DETAILS)
        if isinstance(details, bytes):
            changed = translation.details_to_sdk(details, entry, region) if entry else details
            context.set_trailing_metadata(((_STATUS_DETAILS, changed),))
        _log.info("%s: %s", error.code(), error.details())
        context.abort(error.code(), error.details() or "")
    except grpc.FutureCancelledError:
        context.abort(grpc.StatusCode.CANCELLED, "the engine hung up")
