"""Amazon Managed Grafana, which moto 5.2.5 does not have: workspaces, who may open them, and their tags.

There is no Grafana behind an endpoint, and no Identity Center: every group of a well-formed id exists.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import get_service_model
from moto.moto_api._internal import mock_random

from groundplan.rehearsal.emulator.eks.account import Account
from groundplan.rehearsal.emulator.grafana_refusals import (
    VERSIONS,
    InvalidError,
    check_configuration,
    check_settings,
    check_shape,
    check_upgrade,
    check_version,
)

SERVICE = "grafana"
"""As requests are signed, and as their host name begins."""
_SETTINGS = {
    "accountAccessType": "accountAccessType",
    "networkAccessControl": "networkAccessControl",
    "organizationRoleName": "organizationRoleName",
    "permissionType": "permissionType",
    "stackSetName": "stackSetName",
    "workspaceDataSources": "dataSources",
    "workspaceDescription": "description",
    "workspaceName": "name",
    "workspaceNotificationDestinations": "notificationDestinations",
    "workspaceOrganizationalUnits": "organizationalUnits",
    "workspaceRoleArn": "workspaceRoleArn",
}
"""What can be changed: its name in a request, and in an answer."""
_SUMMARY = (
    "authentication",
    "created",
    "description",
    "endpoint",
    "grafanaVersion",
    "id",
    "modified",
    "name",
    "notificationDestinations",
    "status",
    "tags",
)
_NO_SUCH_ROLE = 400


class WorkspaceNotFoundError(ServiceException):
    """There is no workspace of this id or ARN."""

    code = "ResourceNotFoundException"

    def __init__(self, name: str) -> None:
        super().__init__(f"Workspace {name} is not found")
        self.resourceId, self.resourceType = name, "workspace"


@dataclass
class _Workspace:
    """One workspace.

    Args:
        told: what AWS tells of it.
        configuration: JSON, as it was given.
        roles: role by type and id of a user or group.
    """

    told: dict[str, Any]
    configuration: str
    roles: dict[tuple[str, str], str] = field(default_factory=dict)

    def change(self, **settings: Any) -> None:
        """Replace some of what is told; None takes it away. It is in use again at once."""
        self.told |= settings | {"modified": datetime.now(UTC)}
        self.told = {name: value for name, value in self.told.items() if value is not None}


_workspaces: dict[tuple[str, str], dict[str, _Workspace]] = {}
"""(Account, region) -> id -> workspace."""


class GrafanaResponse(BaseResponse):
    """One request to Managed Grafana."""

    def __init__(self) -> None:
        super().__init__(service_name=SERVICE)
        self.automated_parameter_parsing = True

    @property
    def _workspaces(self) -> dict[str, _Workspace]:
        return _workspaces.setdefault((self.current_account, self.region), {})

    @property
    def _account(self) -> Account:
        return Account(self.current_account, self.region)

    def _arn(self, name: str) -> str:
        return f"arn:aws:grafana:{self.region}:{self.current_account}:/workspaces/{name}"

    def _asked(self, operation: str) -> dict[str, Any]:
        """The parameters, after AWS' own look at them."""
        asked = {name: value for name, value in self._get_params().items() if value is not None}
        check_shape(get_service_model(SERVICE).operation_model(operation).input_shape, asked)
        return asked

    def _named(self) -> _Workspace:
        return self._find(self._get_param("workspaceId"))

    def _find(self, name: str) -> _Workspace:
        if name not in self._workspaces:
            raise WorkspaceNotFoundError(name)
        return self._workspaces[name]

    def create_workspace(self) -> ActionResult:
        """Create one; it is active at once."""
        asked = self._asked("CreateWorkspace")
        name = f"g-{mock_random.get_random_hex(10)}"
        check_settings(asked, self._account, self._arn(name))
        configuration = asked.get("configuration") or "{}"
        version = asked.get("grafanaVersion") or VERSIONS[-1]
        check_configuration(configuration)
        check_version(version)
        created = datetime.now(UTC)
        told = {
            "id": name,
            "status": "ACTIVE",
            "created": created,
            "dataSources": [],
            "endpoint": f"{name}.grafana-workspace.{self.region}.amazonaws.com",
            "grafanaVersion": version,
            "authentication": {"providers": asked["authenticationProviders"]},
            "tags": asked.get("tags") or {},
            "kmsKeyId": asked.get("kmsKeyId"),
        }
        workspace = _Workspace(told, configuration)
        workspace.change(**_settings(asked))
        self._workspaces[name] = workspace
        return ActionResult({"workspace": workspace.told})

    def describe_workspace(self) -> ActionResult:
        """Describe one."""
        return ActionResult({"workspace": self._named().told})

    def list_workspaces(self) -> ActionResult:
        """Describe all, in short."""
        summaries = [
            {name: value for name, value in workspace.told.items() if name in _SUMMARY}
            for workspace in self._workspaces.values()
        ]
        return ActionResult({"workspaces": summaries})

    def update_workspace(self) -> ActionResult:
        """Change some settings; the others stay."""
        workspace, asked = self._named(), self._asked("UpdateWorkspace")
        names = {answer: request for request, answer in _SETTINGS.items()}
        before = {names[name]: value for name, value in workspace.told.items() if name in names}
        check_settings(before | asked, self._account, self._arn(workspace.told["id"]))
        changes = _settings(asked)
        if asked.get("removeNetworkAccessConfiguration"):
            changes["networkAccessControl"] = None
        workspace.change(**changes)
        return ActionResult({"workspace": workspace.told})

    def delete_workspace(self) -> ActionResult:
        """Delete one, and all that was assigned in it; it is gone at once."""
        workspace = self._named()
        del self._workspaces[workspace.told["id"]]
        return ActionResult({"workspace": workspace.told | {"status": "DELETING"}})

    def describe_workspace_authentication(self) -> ActionResult:
        """How people log in."""
        told = self._named().told
        authentication = dict(told["authentication"])
        if "AWS_SSO" in authentication["providers"]:
            authentication["awsSso"] = {"ssoClientId": f"ins-{told['id'].removeprefix('g-')}"}
        return ActionResult({"authentication": authentication})

    def describe_workspace_configuration(self) -> ActionResult:
        """The configuration of Grafana, and its version."""
        workspace = self._named()
        version = workspace.told["grafanaVersion"]
        return ActionResult({"configuration": workspace.configuration, "grafanaVersion": version})

    def update_workspace_configuration(self) -> ActionResult:
        """Replace the configuration, and go to a newer version."""
        workspace, asked = self._named(), self._asked("UpdateWorkspaceConfiguration")
        check_configuration(asked["configuration"])
        version = asked.get("grafanaVersion")
        if version:
            check_upgrade(workspace.told["grafanaVersion"], version)
            workspace.change(grafanaVersion=version)
        workspace.configuration = asked["configuration"]
        return ActionResult({})

    def list_versions(self) -> ActionResult:
        """All versions, or those that a workspace can go to."""
        name = self._get_param("workspaceId")
        current = self._find(name).told["grafanaVersion"] if name else None
        newer = VERSIONS[VERSIONS.index(current) + 1 :] if current else VERSIONS
        return ActionResult({"grafanaVersions": list(newer)})

    def list_permissions(self) -> ActionResult:
        """Who has which role."""
        permissions = [
            {"user": {"type": kind, "id": name}, "role": role}
            for (kind, name), role in self._named().roles.items()
        ]
        return ActionResult({"permissions": permissions})

    def update_permissions(self) -> ActionResult:
        """Give roles and take them away; who has one gets another instead."""
        workspace, asked = self._named(), self._asked("UpdatePermissions")
        if "AWS_SSO" not in workspace.told["authentication"]["providers"]:
            raise InvalidError(
                "The workspace does not use AWS_SSO: it has no users and groups to give roles to"
            )
        errors = []
        for instruction in asked["updateInstructionBatch"]:
            lost = [user for user in instruction["users"] if not _follow(workspace, instruction, user)]
            if lost:
                message = (
                    f"{', '.join(user['id'] for user in lost)}: not {instruction['role']} in this workspace"
                )
                errors.append({"code": _NO_SUCH_ROLE, "message": message, "causedBy": instruction})
        return ActionResult({"errors": errors})

    def list_tags_for_resource(self) -> ActionResult:
        """Tags of a workspace."""
        return ActionResult({"tags": self._tagged().told["tags"]})

    def tag_resource(self) -> ActionResult:
        """Add or replace tags."""
        self._tagged().told["tags"].update(self._get_param("tags"))
        return ActionResult({})

    def untag_resource(self) -> ActionResult:
        """Remove tags."""
        for key in self._get_param("tagKeys"):
            self._tagged().told["tags"].pop(key, None)
        return ActionResult({})

    def _tagged(self) -> _Workspace:
        return self._find(self._get_param("resourceArn").rpartition("/")[2])


def _settings(asked: dict[str, Any]) -> dict[str, Any]:
    return {answer: asked[request] for request, answer in _SETTINGS.items() if request in asked}


def _follow(workspace: _Workspace, instruction: dict[str, Any], user: dict[str, str]) -> bool:
    """Do what is asked for one user or group; False if there is no such role to take away."""
    who, role = (user["type"], user["id"]), instruction["role"]
    if instruction["action"] == "ADD":
        workspace.roles[who] = role
        return True
    if workspace.roles.get(who) != role:
        return False
    del workspace.roles[who]
    return True


def install(paths: dict[str, Any]) -> None:
    """Let the server of another service answer these paths, too, and forget what a former emulator held."""
    _workspaces.clear()
    one = "workspaces/(?P<workspaceId>[^/]+)"
    parts = [f"{one}/{part}" for part in ("authentication", "configuration", "permissions")]
    for path in ("workspaces", one, *parts, "versions", "tags/(?P<resourceArn>.+)"):
        paths[f"{{0}}/{path}$"] = GrafanaResponse.dispatch
