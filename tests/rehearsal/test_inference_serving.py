"""A real tritonserver follows the alias: switched under load, kept when the next one is corrupt, drained."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
import tritonclient.grpc
import tritonclient.http
from groundplan_common.registry import ModelDescription, Registry
from groundplan_common.storage import open_store
from training.export import FRAMEWORK, INPUTS, OUTPUTS, to_onnx
from training.model import DigitsNet

from tests.rehearsal.triton_home import lay_out

pytestmark = pytest.mark.rehearsal

SERVICES = Path(__file__).parents[2] / "services"
LIMIT_S = 120.0
IMAGES = np.random.default_rng(0).integers(0, 17, (50, 64)).astype(np.float32)


class Service:
    """The inference service as a process, and the registry it follows."""

    def __init__(self, folder: Path, triton_home: Path) -> None:
        self.models = open_store(f"file://{folder}/models")
        self.registry = Registry(self.models, "digits")
        self._folder = folder
        self.http, self.grpc, metrics, self._health = (_free_port() for _ in range(4))
        environment = {
            **os.environ,
            "PYTHONPATH": f"{SERVICES}/common:{SERVICES}/inference",
            "TRITON_HOME": str(triton_home),
            "MODELS_URI": self.models.uri,
            "MODEL_SIGNING_KEY": "none",
            "MODEL_NAME": "digits",
            "REPOSITORY": str(folder / "repository"),
            "HTTP_PORT": str(self.http),
            "GRPC_PORT": str(self.grpc),
            "METRICS_PORT": str(metrics),
            "HEALTH_PORT": str(self._health),
            "POLL_INTERVAL_S": "0.2",
            "DRAIN_DELAY_S": "0",
        }
        log = (folder / "service.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "inference"], env=environment, stdout=log, stderr=subprocess.STDOUT
        )

    def publish(self, seed: int) -> tuple[int, np.ndarray]:
        """Publish an untrained net; return its version and what it answers to IMAGES."""
        torch.manual_seed(seed)
        net = DigitsNet().eval()
        path = self._folder / "model.onnx"
        to_onnx(net, path)
        description = ModelDescription(
            name="digits",
            run_id=f"run-{seed}",
            data_version="d",
            code_version="c",
            framework=FRAMEWORK,
            seed=seed,
            metrics={},
            hyperparameters={},
            inputs=INPUTS,
            outputs=OUTPUTS,
        )
        version = self.registry.publish(description, {"model.onnx": path}).version
        with torch.no_grad():
            return version, torch.softmax(net(torch.from_numpy(IMAGES)), dim=1).numpy()

    def state(self) -> dict[str, object]:
        """Return what the supervisor says of itself, or nothing before it answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._health}/version", timeout=5) as answer:
                return json.load(answer)
        except OSError:
            return {}

    def promote(self, version: int) -> None:
        """Promote a version and wait until it is served."""
        self.registry.promote("live", version, by="test")
        until(lambda: self.state().get("version") == version, f"version {version}; state {self.state()}")

    def ask_http(self) -> np.ndarray:
        """Return the probabilities for IMAGES over HTTP."""
        with tritonclient.http.InferenceServerClient(f"127.0.0.1:{self.http}") as client:
            tensor = tritonclient.http.InferInput("image", list(IMAGES.shape), "FP32")
            tensor.set_data_from_numpy(IMAGES)
            return client.infer("digits", [tensor]).as_numpy("probabilities")

    def ask_grpc(self) -> np.ndarray:
        """Return the probabilities for IMAGES over gRPC."""
        with tritonclient.grpc.InferenceServerClient(f"127.0.0.1:{self.grpc}") as client:
            tensor = tritonclient.grpc.InferInput("image", list(IMAGES.shape), "FP32")
            tensor.set_data_from_numpy(IMAGES)
            return client.infer("digits", [tensor]).as_numpy("probabilities")


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, f"still waiting for {what}"
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def triton_home() -> Iterator[Path]:
    """Yield the folder of a Triton server; gone at the end."""
    with tempfile.TemporaryDirectory(prefix="groundplan-triton-") as folder:
        yield lay_out(Path(folder))


@pytest.fixture
def service(tmp_path: Path, triton_home: Path) -> Iterator[Service]:
    """Yield a service that waits for its first alias."""
    service = Service(tmp_path, triton_home)
    yield service
    if service.process.poll() is None:
        service.process.terminate()
        service.process.wait(60)


def test_it_serves_switches_under_load_and_survives_a_corrupt_version(service: Service) -> None:
    """Both protocols answer right, a switch fails no request, a corrupt version changes nothing."""
    until(lambda: service.state().get("version", 0) is None, "the supervisor")
    first, expected_first = service.publish(1)
    service.promote(first)
    np.testing.assert_allclose(service.ask_http(), expected_first, atol=1e-5)
    np.testing.assert_array_equal(service.ask_http(), service.ask_grpc())

    second, expected_second = service.publish(2)
    stop, failures, answers = threading.Event(), [], []

    def ask_on() -> None:
        while not stop.is_set():
            try:
                answers.append(service.ask_http())
            except Exception as error:  # noqa: BLE001 - whatever a caller would see counts as a failure
                failures.append(error)

    caller = threading.Thread(target=ask_on)
    caller.start()
    service.promote(second)
    stop.set()
    caller.join()
    assert failures == []
    for answer in answers:
        assert np.allclose(answer, expected_first, atol=1e-5) or np.allclose(
            answer, expected_second, atol=1e-5
        )
    np.testing.assert_allclose(service.ask_http(), expected_second, atol=1e-5)

    third, _ = service.publish(3)
    service.models.put(f"digits/versions/{third}/model.onnx", b"rubbish")
    service.registry.promote("live", third, by="test")
    until(lambda: "is corrupt" in str(service.state().get("error")), "the report of the corrupt version")
    np.testing.assert_allclose(service.ask_grpc(), expected_second, atol=1e-5)

    service.registry.rollback("live", by="test")
    until(lambda: service.state().get("error") is None, "the end of the report")
    service.process.terminate()
    assert service.process.wait(60) == 0


def test_the_death_of_tritonserver_ends_the_service(service: Service) -> None:
    """The pod then starts anew, instead of looking alive without a server."""

    def servers() -> list[psutil.Process]:
        return [p for p in psutil.Process(service.process.pid).children() if p.name() == "tritonserver"]

    until(lambda: service.state() != {} and bool(servers()), "tritonserver")
    servers()[0].kill()
    assert service.process.wait(60) == 1
