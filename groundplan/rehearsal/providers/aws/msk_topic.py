"""`aws:msk/topic:Topic` on a machine whose terraform-provider-aws is older than MSK's API of topics.

It makes the same calls to the account as `internal/service/kafka/topic.go` of version 6. A provider that has
the type by itself serves it, and this is not asked.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.rpc import UNKNOWN

from groundplan.rehearsal.emulator.deployer_record import PROVIDER

TOKEN = "aws:msk/topic:Topic"  # noqa: S105 - the token of a type
_REQUIRED = ("clusterArn", "name", "partitionCount", "replicationFactor")
_REPLACES = ("clusterArn", "name", "replicationFactor", "region")
INPUTS = (*_REQUIRED, "configs", "region")

Properties = dict[str, Any]


class MskTopics:
    """Each method answers the call of the resource provider's protocol that has its name.

    Args:
        environment: variables of the provider's process: endpoint, authority, region and credentials.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._clients: dict[str, Any] = {}

    def _kafka(self, properties: Properties) -> Any:
        """The client of a topic's region: a stack may have clusters in several."""
        region = properties["region"]
        if region not in self._clients:
            self._clients[region] = boto3.Session(
                aws_access_key_id=self._environment["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=self._environment["AWS_SECRET_ACCESS_KEY"],
                aws_session_token=self._environment["AWS_SESSION_TOKEN"],
                region_name=region,
            ).client(
                "kafka",
                endpoint_url=self._environment["AWS_ENDPOINT_URL"],
                verify=self._environment["AWS_CA_BUNDLE"],
                # The rights that these calls need are the deployer's, as those of the provider's own.
                config=Config(user_agent_extra=PROVIDER),
            )
        return self._clients[region]

    def check(self, request: provider_pb2.CheckRequest, region: str) -> provider_pb2.CheckResponse:
        """Required inputs, settings in JSON, and as the default the region that the provider is set to."""
        given = _plain(request.news)
        missing = [name for name in _REQUIRED if name not in given]
        failures = [provider_pb2.CheckFailure(property=name, reason="is required") for name in missing]
        failures += [
            provider_pb2.CheckFailure(property=name, reason="there is no such property")
            for name in sorted(given.keys() - {*INPUTS})
        ]
        if not _is_json_object(given.get("configs", "{}")):
            failures.append(provider_pb2.CheckFailure(property="configs", reason="is no object in JSON"))
        return provider_pb2.CheckResponse(inputs=_struct({"region": region, **given}), failures=failures)

    def diff(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        """Against what was last seen of the topic, so that drift is a change."""
        old, new = _plain(request.olds), _plain(request.news)
        changed = [name for name in INPUTS if _comparable(old, name) != _comparable(new, name)]
        kind = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        replaces = [name for name in changed if name in _REPLACES]
        return provider_pb2.DiffResponse(
            changes=kind, diffs=changed, replaces=replaces, deleteBeforeReplace="name" not in changed
        )

    def create(self, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:
        """Create, or plan to."""
        given = _plain(request.properties)
        if request.preview:
            planned = _struct({**given, "arn": UNKNOWN, "configsActual": UNKNOWN})
            return provider_pb2.CreateResponse(properties=planned)
        configs = {"Configs": _encoded(given["configs"])} if "configs" in given else {}
        self._kafka(given).create_topic(
            **_named(given),
            PartitionCount=int(given["partitionCount"]),
            ReplicationFactor=int(given["replicationFactor"]),
            **configs,
        )
        identity = f"{given['clusterArn']},{given['name']}"
        return provider_pb2.CreateResponse(id=identity, properties=_struct(self._seen(given)))

    def read(self, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        """What there is; nothing if it is gone. A topic that is imported has only its id."""
        cluster, _, name = request.id.rpartition(",")
        region = cluster.split(":")[3]
        known = _plain(request.properties) or {"clusterArn": cluster, "name": name, "region": region}
        try:
            found = self._seen(known)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NotFoundException":
                return provider_pb2.ReadResponse()
            raise
        inputs = {key: found[key] for key in INPUTS if key in found}
        return provider_pb2.ReadResponse(id=request.id, properties=_struct(found), inputs=_struct(inputs))

    def update(self, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:
        """Settings and partitions, each by a call of its own; or plan to."""
        old, new = _plain(request.olds), _plain(request.news)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=_struct({**old, **new, "configsActual": UNKNOWN}))
        if _comparable(old, "configs") != _comparable(new, "configs"):
            self._kafka(new).update_topic(**_named(new), Configs=_encoded(new.get("configs", "{}")))
        if old["partitionCount"] != new["partitionCount"]:
            self._kafka(new).update_topic(**_named(new), PartitionCount=int(new["partitionCount"]))
        return provider_pb2.UpdateResponse(properties=_struct(self._seen(new)))

    def delete(self, request: provider_pb2.DeleteRequest) -> empty_pb2.Empty:
        """Delete the topic with its events; one that is gone is no error."""
        known = _plain(request.properties)
        try:
            self._kafka(known).delete_topic(**_named(known))
        except ClientError as error:
            if error.response["Error"]["Code"] != "NotFoundException":
                raise
        return empty_pb2.Empty()

    def _seen(self, known: Properties) -> Properties:
        """The state: of the settings that the program gives, what is in force, and all of them beside it."""
        told = self._kafka(known).describe_topic(**_named(known))
        in_force = json.loads(base64.b64decode(told["Configs"]))
        own = json.loads(known["configs"]) if "configs" in known else None
        return {
            **{name: known[name] for name in ("clusterArn", "name", "region") if name in known},
            "partitionCount": told["PartitionCount"],
            "replicationFactor": told["ReplicationFactor"],
            "arn": told["TopicArn"],
            "configsActual": json.dumps(in_force, sort_keys=True),
            **({} if own is None else {"configs": json.dumps({k: in_force[k] for k in own}, sort_keys=True)}),
        }


def _named(properties: Properties) -> dict[str, str]:
    return {"ClusterArn": properties["clusterArn"], "TopicName": properties["name"]}


def _plain(message: struct_pb2.Struct) -> Properties:
    plain = json_format.MessageToDict(message)
    return {name: value for name, value in plain.items() if not name.startswith("__")}


def _struct(properties: Properties) -> struct_pb2.Struct:
    message = struct_pb2.Struct()
    message.update(properties)
    return message


def _comparable(properties: Properties, name: str) -> Any:
    value = properties.get(name)
    return json.loads(value) if name == "configs" and value not in (None, UNKNOWN) else value


def _is_json_object(text: Any) -> bool:
    if text == UNKNOWN:
        return True
    try:
        return isinstance(json.loads(text), dict)
    except (TypeError, ValueError):
        return False


def _encoded(configs: str) -> str:
    return base64.b64encode(configs.encode()).decode()
