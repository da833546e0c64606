"""Which IAM actions on which resources a call needs. Most actions have the operation's name.

Source: the Service Authorization Reference, https://docs.aws.amazon.com/service-authorization.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moto.athena.models import athena_backends
from moto.kms.models import kms_backends

from groundplan.rehearsal.emulator.calls import Call
from groundplan.rehearsal.emulator.dependent_permissions import dependent_needs
from groundplan.rehearsal.emulator.eks.account import Account
from groundplan.rehearsal.emulator.kafka.permissions import topic_needs
from groundplan.rehearsal.emulator.need import Need
from groundplan.rehearsal.emulator.s3_permissions import object_needs

_PREFIX_OF_SCOPE = {"monitoring": "cloudwatch", "email": "ses", "tagging": "tag"}
_ACTIONS = {
    "kms:ReEncrypt": ("kms:ReEncryptFrom", "kms:ReEncryptTo"),
    "lambda:Invoke": ("lambda:InvokeFunction",),
}
_OWNER_OF_ARNS = {"sts": "iam"}
"""Services whose calls are about resources of another."""
_KEY_ID_LENGTH = 36
"""moto's encrypted texts begin with the id of their key."""
NO_RESOURCE = "*"
"""What a call without a known resource is about: only a statement about everything has it."""


@dataclass(frozen=True)
class _Names:
    """ARNs of the account."""

    account: Account

    def of(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.account.region}:{self.account.account_id}:{resource}"

    def of_iam(self, resource: str) -> str:
        return f"arn:aws:iam::{self.account.account_id}:{resource}"


def needs(call: Call, account: Account) -> Iterator[Need]:
    """What the caller must be allowed; the call is refused if one of them is not."""
    if call.model == "s3":
        yield from object_needs(call, account)
        return
    of_topic = list(topic_needs(call.operation, call.parameters)) if call.model == "kafka" else []
    if of_topic:
        yield from of_topic
        return
    prefix = _PREFIX_OF_SCOPE.get(call.scope, call.scope)
    resources = list(_resources(prefix, call, _Names(account)))
    for action in _ACTIONS.get(f"{prefix}:{call.operation}", (f"{prefix}:{call.operation}",)):
        for resource in resources or [NO_RESOURCE]:
            yield Need(action, resource)
    yield from dependent_needs(prefix, call.operation, call.parameters, (resources or [NO_RESOURCE])[0])
    if prefix == "sts" and call.operation == "AssumeRole":
        # https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html: each is a permission.
        for parameter, action in (("Tags", "sts:TagSession"), ("SourceIdentity", "sts:SetSourceIdentity")):
            if call.parameters.get(parameter):
                yield Need(action, str(call.parameters.get("RoleArn")))


def _resources(prefix: str, call: Call, names: _Names) -> Iterator[str]:
    finder = _FINDERS.get(prefix)
    found = list(finder(call.parameters, call.operation, names)) if finder else []
    if found:
        yield from found
        return
    own = {prefix, _OWNER_OF_ARNS.get(prefix)}
    for name, value in call.parameters.items():
        if not name.lower().endswith("arn") or not isinstance(value, str) or not value.startswith("arn:"):
            continue
        if value.split(":")[2] in own:  # else a role, a key or a log group that is only handed over
            yield value


def _of_kms(parameters: Mapping[str, Any], _: str, names: _Names) -> Iterator[str]:
    key_id = parameters.get("KeyId") or parameters.get("TargetKeyId") or _key_of(parameters)
    if not key_id:
        return
    backend = kms_backends[names.account.account_id][names.account.region]
    key = backend.keys.get(backend.any_id_to_key_id(key_id))
    yield key.arn if key else names.of("kms", f"key/{key_id}")
    if parameters.get("AliasName"):
        yield names.of("kms", parameters["AliasName"])


def _key_of(parameters: Mapping[str, Any]) -> str:
    """The key that a text is encrypted with, as the text itself says: a decryption need not name it."""
    blob = parameters.get("CiphertextBlob") or b""
    head = (base64.b64decode(blob) if isinstance(blob, str) else blob)[:_KEY_ID_LENGTH]
    return head.decode(errors="replace")


def _of_cloudwatch(parameters: Mapping[str, Any], operation: str, names: _Names) -> Iterator[str]:
    """Alarms by name; who asks for a list of them asks for all."""
    if operation.startswith("Describe"):
        return
    for name in [*(parameters.get("AlarmNames") or ()), parameters.get("AlarmName")]:
        if name:
            yield names.of("cloudwatch", f"alarm:{name}")


def _of_iam(parameters: Mapping[str, Any], _: str, names: _Names) -> Iterator[str]:
    role_name = parameters.get("RoleName")
    if role_name:
        role = names.account.role_named(role_name)
        yield role.arn if role else names.of_iam(f"role{parameters.get('Path') or '/'}{role_name}")
    elif parameters.get("PolicyArn"):
        yield parameters["PolicyArn"]
    elif parameters.get("PolicyName"):
        yield names.of_iam(f"policy{parameters.get('Path') or '/'}{parameters['PolicyName']}")
    elif parameters.get("UserName"):
        yield names.of_iam(f"user/{parameters['UserName']}")


def _of_eks(parameters: Mapping[str, Any], operation: str, names: _Names) -> Iterator[str]:
    cluster = parameters.get("clusterName") or parameters.get("name")
    if not cluster:
        return
    principal = str(parameters.get("principalArn", "")).rpartition(":")[2]
    if parameters.get("nodegroupName") and not operation.startswith("Create"):
        yield names.account.node_group_arn(cluster, parameters["nodegroupName"])
        return
    inner = {
        "addonName": f"addon/{cluster}/{parameters.get('addonName')}/id",
        "principalArn": f"access-entry/{cluster}/{principal}/id",
        "associationId": f"podidentityassociation/{cluster}/{parameters.get('associationId')}",
    }
    # What does not exist yet is created in the cluster.
    named = [] if operation.startswith("Create") else [inner[name] for name in inner if name in parameters]
    yield names.of("eks", named[0] if named else f"cluster/{cluster}")


def _of_ecr(parameters: Mapping[str, Any], _: str, names: _Names) -> Iterator[str]:
    one = parameters.get("repositoryName")
    for name in [one] if one else parameters.get("repositoryNames") or []:
        yield names.of("ecr", f"repository/{name}")


def _of_logs(parameters: Mapping[str, Any], _: str, names: _Names) -> Iterator[str]:
    name = parameters.get("logGroupName")
    if name:
        yield names.of("logs", f"log-group:{name}:*")


def _of_scheduler(parameters: Mapping[str, Any], operation: str, names: _Names) -> Iterator[str]:
    name = parameters.get("Name")
    if name and "Group" in operation:
        yield names.of("scheduler", f"schedule-group/{name}")
    elif name:
        yield names.of("scheduler", f"schedule/{parameters.get('GroupName') or 'default'}/{name}")


def _of_secrets(parameters: Mapping[str, Any], _: str, names: _Names) -> Iterator[str]:
    secret = parameters.get("SecretId") or parameters.get("Name")
    if secret:
        # Six characters that nobody knows are part of a secret's ARN.
        yield secret if secret.startswith("arn:") else names.of("secretsmanager", f"secret:{secret}-??????")


def _of_athena(parameters: Mapping[str, Any], _: str, names: _Names) -> Iterator[str]:
    group = parameters.get("WorkGroup") or parameters.get("Name")
    query = parameters.get("QueryExecutionId")
    if query:
        backend = athena_backends[names.account.account_id][names.account.region]
        found = backend.executions.get(query)
        group = found.workgroup.name if found and found.workgroup else None
    yield names.of("athena", f"workgroup/{group or 'primary'}")


def _of_glue(parameters: Mapping[str, Any], operation: str, names: _Names) -> Iterator[str]:
    """The catalogue, and in it database and table: a call needs each of them; or schemas of events."""
    if "Registry" in operation or "Schema" in operation:
        yield from _of_schemas(parameters, names)
        return
    yield names.of("glue", "catalog")
    of_database = operation in {"GetDatabase", "DeleteDatabase", "UpdateDatabase"}
    database = parameters.get("DatabaseName") or (parameters.get("Name") if of_database else None)
    database = database or parameters.get("DatabaseInput", {}).get("Name")
    if database:
        yield names.of("glue", f"database/{database}")
    table = parameters.get("TableName") or parameters.get("TableInput", {}).get("Name")
    if not table and operation in {"GetTable", "DeleteTable"}:
        table = parameters.get("Name")
    if database and (table or operation == "GetTables"):
        yield names.of("glue", f"table/{database}/{table or '*'}")


def _of_schemas(parameters: Mapping[str, Any], names: _Names) -> Iterator[str]:
    """A registry, or a schema, by name or ARN; who creates a schema needs its registry."""
    registry, schema = parameters.get("RegistryId") or {}, parameters.get("SchemaId") or {}
    arn = registry.get("RegistryArn") or schema.get("SchemaArn")
    name = registry.get("RegistryName") or parameters.get("RegistryName")
    if arn:
        yield arn
    elif name:
        yield names.of("glue", f"registry/{name}")


def _of_grafana(parameters: Mapping[str, Any], _: str, names: _Names) -> Iterator[str]:
    if parameters.get("workspaceId"):
        yield names.of("grafana", f"/workspaces/{parameters['workspaceId']}")


_FINDERS: Mapping[str, Callable[[Mapping[str, Any], str, _Names], Iterator[str]]] = {
    "athena": _of_athena,
    "cloudwatch": _of_cloudwatch,
    "ecr": _of_ecr,
    "eks": _of_eks,
    "glue": _of_glue,
    "grafana": _of_grafana,
    "iam": _of_iam,
    "kms": _of_kms,
    "logs": _of_logs,
    "scheduler": _of_scheduler,
    "secretsmanager": _of_secrets,
}
