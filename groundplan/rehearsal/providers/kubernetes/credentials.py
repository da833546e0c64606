"""Bearer tokens from a kubeconfig's `exec` plugin, such as `aws eks get-token`, kept until they expire."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from groundplan.errors import ExitCode, GroundplanError

_API_VERSIONS = ("client.authentication.k8s.io/v1beta1", "client.authentication.k8s.io/v1")
_TIMEOUT_S = 60
_MARGIN = timedelta(seconds=60)
"""A token is renewed this long before its end, so that no request carries one that ends on the way."""


class ExecToken:
    """The token of one exec plugin. Thread-safe: concurrent callers share one run of the plugin.

    Args:
        command: the `exec` section of the kubeconfig.
        environment: gives the variables that the plugin runs with; asked at each run.
    """

    def __init__(self, command: Mapping[str, Any], environment: Callable[[], Mapping[str, str]]) -> None:
        self._command = command
        self._environment = environment
        self._lock = threading.Lock()
        self._token: str | None = None
        self._ends: datetime | None = None

    def token(self, *, rejected: str | None = None) -> str:
        """A token that has not expired.

        Args:
            rejected: a token that the server did not accept: it is not returned again.

        Raises:
            GroundplanError: the plugin cannot be run, fails, or prints no token.
        """
        with self._lock:
            expired = self._ends is not None and datetime.now(UTC) + _MARGIN >= self._ends
            if self._token is None or expired or self._token == rejected:
                self._token, self._ends = self._run()
            return self._token

    def _run(self) -> tuple[str, datetime | None]:
        name = str(self._command.get("command", ""))
        version = self._command.get("apiVersion")
        if version not in _API_VERSIONS:
            allowed = " or ".join(_API_VERSIONS)
            raise _problem(name, f"has apiVersion {version!r} in the kubeconfig; allowed: {allowed}")
        answer = self._answer(name, str(version))
        status = answer.get("status") or {}
        token = status.get("token")
        if not token:
            raise _problem(name, "printed no token")
        ends = status.get("expirationTimestamp")
        return token, datetime.fromisoformat(ends) if ends else None

    def _answer(self, name: str, version: str) -> dict[str, Any]:
        own = {entry["name"]: entry["value"] for entry in self._command.get("env") or []}
        info = {"apiVersion": version, "kind": "ExecCredential", "spec": {"interactive": False}}
        environment = {**self._environment(), **own, "KUBERNETES_EXEC_INFO": json.dumps(info)}
        arguments = [str(argument) for argument in self._command.get("args") or []]
        try:
            # `env` looks the command up on the PATH that the plugin is given, not on ours.
            run = subprocess.run(
                ["/usr/bin/env", name, *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise _problem(name, f"did not answer within {_TIMEOUT_S} s") from error
        if run.returncode != 0:
            raise _problem(name, f"ended with exit code {run.returncode}: {run.stderr.strip()[-500:]}")
        try:
            return json.loads(run.stdout)
        except json.JSONDecodeError as error:
            raise _problem(name, "printed no JSON") from error


def _problem(name: str, what: str) -> GroundplanError:
    return GroundplanError(
        f"kubernetes: the kubeconfig's login command `{name}` {what}.",
        hint="Run the command in the same shell to see why.",
        exit_code=ExitCode.AUTH,
    )
