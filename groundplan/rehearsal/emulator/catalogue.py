"""Glue, Athena and Lake Formation, as far as moto 5.2.5 lacks them or answers otherwise than AWS."""

from __future__ import annotations

import json
from typing import Any

from moto.athena.models import AthenaBackend, WorkGroup
from moto.athena.responses import AthenaResponse
from moto.core.exceptions import JsonRESTError
from moto.glue.models import GlueBackend
from moto.lakeformation.exceptions import InvalidInput
from moto.lakeformation.models import LakeFormationBackend, PermissionCatalog

from groundplan.rehearsal.emulator.patching import add, wrap

_ENGINE = "Athena engine version 3"
_UPDATES = {
    "BytesScannedCutoffPerQuery",
    "EnableMinimumEncryptionConfiguration",
    "EnforceWorkGroupConfiguration",
    "ExecutionRole",
    "PublishCloudWatchMetricsEnabled",
    "RequesterPaysEnabled",
}


def install() -> None:
    """Apply all; a second call changes nothing."""
    wrap(WorkGroup, "__init__", _complete_engine)
    wrap(AthenaBackend, "get_work_group", _find_work_group)
    wrap(AthenaResponse, "create_work_group", _answer_nothing)
    wrap(AthenaResponse, "list_tags_for_resource", _list_tags)
    wrap(LakeFormationBackend, "revoke_permissions", _revoke_what_is_there)
    wrap(PermissionCatalog, "remove_permission", _rehash)
    add(AthenaResponse, update_work_group=update_work_group)
    wrap(GlueBackend, "create_registry", _keep_registry_tags)


def _complete_engine(original: Any, group: Any, *args: Any) -> None:
    """Athena: the engine that a work group really uses is part of its configuration."""
    original(group, *args)
    engine = group.configuration["EngineVersion"]
    group.configuration["EngineVersion"] = engine | _engine(engine.get("SelectedEngineVersion", "AUTO"))


def _engine(selected: str) -> dict[str, str]:
    return {
        "SelectedEngineVersion": selected,
        "EffectiveEngineVersion": _ENGINE if selected == "AUTO" else selected,
    }


def _find_work_group(original: Any, backend: Any, name: str) -> dict[str, Any]:
    """Athena: a work group that is not there is an error, in the words that the AWS provider waits for."""
    found = original(backend, name)
    if found is None:
        raise JsonRESTError("InvalidRequestException", f"WorkGroup {name} is not found.")
    return found


def _answer_nothing(original: Any, response: Any) -> Any:
    """Athena: whoever creates a work group is told nothing about it."""
    answer = original(response)
    return answer if isinstance(answer, tuple) else "{}"


def _list_tags(_original: Any, response: Any) -> str:
    """Athena: a resource without tags has an empty list."""
    tagger, arn = response.athena_backend.tagger, json.loads(response.body)["ResourceARN"]
    return json.dumps(tagger.list_tags_for_resource(arn))


def update_work_group(response: Any) -> str:
    """Athena: change description, state and the parts of the configuration that are named."""
    asked = json.loads(response.body)
    response.athena_backend.get_work_group(asked["WorkGroup"])  # fails where there is none
    group = response.athena_backend.work_groups[asked["WorkGroup"]]
    group.description = asked.get("Description", group.description)
    group.state = asked.get("State", group.state)
    updates = asked.get("ConfigurationUpdates", {})
    group.configuration |= {name: updates[name] for name in _UPDATES & set(updates)}
    if updates.get("RemoveBytesScannedCutoffPerQuery"):
        group.configuration.pop("BytesScannedCutoffPerQuery", None)
    if "EngineVersion" in updates:
        group.configuration["EngineVersion"] = _engine(updates["EngineVersion"]["SelectedEngineVersion"])
    results = dict(group.configuration.get("ResultConfiguration", {}))
    for name, value in updates.get("ResultConfigurationUpdates", {}).items():
        if not name.startswith("Remove"):
            results[name] = value
        elif value:
            results.pop(name.removeprefix("Remove"), None)
    group.configuration["ResultConfiguration"] = results
    return "{}"


def _keep_registry_tags(
    original: Any,
    backend: Any,
    registry_name: str,
    description: str | None = None,
    tags: dict[str, str] | None = None,
) -> Any:
    """Glue: the tags of a registry of schemas are told like those of everything else."""
    made = original(backend, registry_name, description, tags)
    if tags:
        backend.tag_resource(made["RegistryArn"], tags)
    return made


def _revoke_what_is_there(original: Any, backend: Any, **asked: Any) -> None:
    """Lake Formation: nothing to revoke is an error; the AWS provider revokes until it gets it."""
    granted = backend.grants.get(asked["catalog_id"])
    has_any = granted and any(
        (one.principal, one.resource) == (asked["principal"], asked["resource"])
        for one in granted.permissions
    )
    if not has_any:
        raise InvalidInput("No permissions revoked. Grantee has no permissions on the resource.")
    original(backend, **asked)


def _rehash(original: Any, catalog: Any, permission: Any) -> None:
    """Lake Formation: a permission that grew by another grant lies under its former hash."""
    catalog.permissions = set(list(catalog.permissions))  # noqa: C414 - a set of a set would keep the hashes
    original(catalog, permission)
