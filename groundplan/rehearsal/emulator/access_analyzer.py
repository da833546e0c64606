"""IAM Access Analyzer, which moto 5.2.5 does not have: analyzers and their tags."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse

SIGNING_NAME = "access-analyzer"
"""What requests are signed for; their host name begins with it."""


class AnalyzerNotFoundError(ServiceException):
    """There is no analyzer of this name or ARN."""

    code = "ResourceNotFoundException"

    def __init__(self, name: str) -> None:
        super().__init__(f"Analyzer {name} not found")
        self.resourceId, self.resourceType = name, "ANALYZER"


class AnalyzerExistsError(ServiceException):
    """There is an analyzer of this name."""

    code = "ConflictException"

    def __init__(self, name: str) -> None:
        super().__init__(f"Analyzer {name} exists")
        self.resourceId, self.resourceType = name, "ANALYZER"


_analyzers: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
"""(Account, region) -> name -> analyzer."""


class AccessAnalyzerResponse(BaseResponse):
    """One request to Access Analyzer."""

    def __init__(self) -> None:
        super().__init__(service_name="accessanalyzer")
        self.automated_parameter_parsing = True

    @property
    def _analyzers(self) -> dict[str, dict[str, Any]]:
        return _analyzers.setdefault((self.current_account, self.region), {})

    def create_analyzer(self) -> ActionResult:
        """Create one; it is active at once."""
        name = self._get_param("analyzerName")
        if name in self._analyzers:
            raise AnalyzerExistsError(name)
        arn = f"arn:aws:access-analyzer:{self.region}:{self.current_account}:analyzer/{name}"
        self._analyzers[name] = {
            "arn": arn,
            "name": name,
            "type": self._get_param("type"),
            "createdAt": datetime.now(UTC),
            "status": "ACTIVE",
            "tags": self._get_param("tags") or {},
        }
        return ActionResult({"arn": arn})

    def get_analyzer(self) -> ActionResult:
        """Describe one."""
        return ActionResult({"analyzer": self._find(self._get_param("analyzerName"))})

    def list_analyzers(self) -> ActionResult:
        """Describe all."""
        return ActionResult({"analyzers": list(self._analyzers.values())})

    def delete_analyzer(self) -> ActionResult:
        """Delete one."""
        name = self._get_param("analyzerName")
        self._find(name)
        del self._analyzers[name]
        return ActionResult({})

    def list_tags_for_resource(self) -> ActionResult:
        """Tags of an analyzer."""
        return ActionResult({"tags": self._tagged()["tags"]})

    def tag_resource(self) -> ActionResult:
        """Add or replace tags."""
        self._tagged()["tags"].update(self._get_param("tags"))
        return ActionResult({})

    def untag_resource(self) -> ActionResult:
        """Remove tags."""
        for key in self._get_param("tagKeys"):
            self._tagged()["tags"].pop(key, None)
        return ActionResult({})

    def _find(self, name: str) -> dict[str, Any]:
        if name not in self._analyzers:
            raise AnalyzerNotFoundError(name)
        return self._analyzers[name]

    def _tagged(self) -> dict[str, Any]:
        return self._find(self._get_param("resourceArn").rpartition("/")[2])


def install(paths: dict[str, Any]) -> None:
    """Let the server of another service answer these paths, too, and forget what a former emulator held."""
    _analyzers.clear()
    for path in ("analyzer", "analyzer/(?P<name>[^/]+)", "tags/(?P<arn>.+)"):
        paths[f"{{0}}/{path}$"] = AccessAnalyzerResponse.dispatch
