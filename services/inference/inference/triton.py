"""The tritonserver process and the few calls of its HTTP interface that the supervisor needs."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from groundplan_common.errors import ServiceError

from inference.settings import InferenceSettings

_POLL_INTERVAL_S = 0.1
_CALL_TIMEOUT_S = 5.0
_START_TIMEOUT_S = 120.0


class LoadFailed(ServiceError):  # noqa: N818 - reads as the fact it states
    """Triton refused a model version."""


class Triton:
    """One tritonserver that loads models only when told to."""

    def __init__(self, settings: InferenceSettings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            ServiceError: it cannot be started, or does not answer in time.
        """
        command = command_line(self._settings)
        # Python models must see the packages that this process sees.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        try:
            self._process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)
        except OSError as error:
            raise ServiceError(f"Cannot start {command[0]}: {error}.", hint="Set TRITON_HOME.") from error
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not self._answers("/v2/health/ready"):
            self.check()
            if time.monotonic() > deadline:
                self.stop(timeout_s=0)
                raise ServiceError(f"tritonserver was not ready within {_START_TIMEOUT_S:.0f} s.")
            time.sleep(_POLL_INTERVAL_S)

    def check(self) -> None:
        """Raise `ServiceError` if the server has ended."""
        status = None if self._process is None else self._process.poll()
        if status is not None:
            raise ServiceError(
                f"tritonserver ended with status {status}.", hint="Its last log lines are above."
            )

    def load(self, model: str) -> None:
        """Load what the repository now holds; Triton keeps the old version until the new one is ready.

        Raises:
            LoadFailed: Triton could not; what it served before it still serves.
        """
        status, answer = self._call(
            "POST", f"/v2/repository/models/{model}/load", self._settings.load_timeout_s
        )
        if status != http.client.OK:
            raise LoadFailed(f"Triton did not load {model!r}: {_reason(answer)}.")

    def ready(self, model: str, version: int) -> bool:
        """Tell whether a version answers requests."""
        return self._answers(f"/v2/models/{model}/versions/{version}/ready")

    def stop(self, timeout_s: float) -> None:
        """Let requests in flight end, at most `timeout_s` seconds, then end the server."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answers(self, path: str) -> bool:
        try:
            status, _ = self._call("GET", path, _CALL_TIMEOUT_S)
        except LoadFailed:
            return False
        return status == http.client.OK

    def _call(self, method: str, path: str, timeout_s: float) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._settings.http_port, timeout=timeout_s)
        try:
            connection.request(method, path, body=b"{}" if method == "POST" else None)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise LoadFailed(f"tritonserver does not answer {path}: {error}.") from error
        finally:
            connection.close()


def command_line(settings: InferenceSettings) -> list[str]:
    """Return the command that starts the server."""
    home: Path = settings.triton_home
    return [
        str(home / "bin" / "tritonserver"),
        f"--model-repository={settings.repository}",
        f"--backend-directory={home / 'backends'}",
        "--model-control-mode=explicit",
        "--strict-readiness=true",
        "--disable-auto-complete-config",
        f"--http-port={settings.http_port}",
        f"--grpc-port={settings.grpc_port}",
        f"--metrics-port={settings.metrics_port}",
        f"--exit-timeout-secs={settings.drain_timeout_s}",
    ]


def _reason(answer: bytes) -> str:
    try:
        return str(json.loads(answer)["error"])
    except (ValueError, KeyError, TypeError):
        return answer.decode(errors="replace") or "no reason given"
