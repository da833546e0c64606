"""A run whose processes are killed ends with the weights of an unbroken run. Real agents and workers."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import sklearn.datasets
from groundplan_common.dataset import load_manifest
from groundplan_common.registry import Registry
from groundplan_common.storage import open_store
from ingest.pipeline import ingest
from training.checkpoints import Checkpoints
from training.result import RunResult, load_result

pytestmark = [pytest.mark.rehearsal, pytest.mark.timeout(2400)]

SERVICES = Path(__file__).parents[2] / "services"
PODS = 2
EPOCHS = 15
INTERVAL_STEPS = 50
LIMIT_S = 600.0
CODE_VERSION = "sha256:0123"
SIGNATURE = [("image", -1), ("probabilities", -1), ("label", -1)]
"""Inputs and outputs, each with its first dimension: the batch, of any size."""


class Job:
    """Two pods of one training run, as processes of this machine."""

    def __init__(self, lake: Path, run_id: str) -> None:
        self.run = open_store(f"file://{lake}/checkpoints").child(run_id)
        self._lake = lake
        self._run_id = run_id
        self._port = _free_port()
        self._pods: dict[int, subprocess.Popen[bytes]] = {}
        for index in range(PODS):
            self.start(index)

    def start(self, index: int) -> None:
        """Start a pod, as the Job does after one was lost."""
        environment = {
            **os.environ,
            "PYTHONPATH": f"{SERVICES}/common:{SERVICES}/training",
            "LAKE_CURATED_URI": f"file://{self._lake}/curated",
            "CHECKPOINTS_URI": f"file://{self._lake}/checkpoints",
            "MODELS_URI": f"file://{self._lake}/models",
            "MODEL_SIGNING_KEY": "none",
            "DATASET": "digits",
            "MODEL_NAME": "digits",
            "RUN_ID": self._run_id,
            "JOB_COMPLETION_INDEX": str(index),
            "NODE_COUNT": str(PODS),
            "RENDEZVOUS_HOST": "localhost",
            "RENDEZVOUS_PORT": str(self._port),
            "EPOCHS": str(EPOCHS),
            "CODE_VERSION": CODE_VERSION,
            "CHECKPOINT_INTERVAL_STEPS": str(INTERVAL_STEPS),
        }
        log = (self._lake / f"{self._run_id}-{index}.log").open("ab")
        command = [sys.executable, "-m", "training"]
        self._pods[index] = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def kill(self, index: int) -> None:
        """End a pod as a lost node does: all of its processes at once, by SIGKILL."""
        agent = psutil.Process(self._pods[index].pid)
        for process in [agent, *agent.children(recursive=True)]:
            process.kill()
        self._pods[index].wait()

    def wait_for_checkpoint(self, step: int) -> None:
        """Wait until the run has published the checkpoint of `step` or a later one."""
        checkpoints = Checkpoints(self.run, kept=99)
        deadline = time.monotonic() + LIMIT_S
        while max(checkpoints.steps(), default=0) < step:
            assert time.monotonic() < deadline, f"no checkpoint of step {step}; see {self._lake}"
            time.sleep(0.05)

    def finish(self) -> RunResult:
        """Wait until all pods ended with success, starting those again that did not, as the Job does."""
        deadline = time.monotonic() + LIMIT_S
        while any(pod.poll() != 0 for pod in self._pods.values()):
            assert time.monotonic() < deadline, f"the run did not end; see the logs in {self._lake}"
            for index, pod in list(self._pods.items()):
                if pod.poll():
                    self.start(index)
            time.sleep(0.1)
        result = load_result(self.run)
        assert result is not None
        return result

    def clean(self) -> None:
        """End whatever still runs."""
        for index, pod in self._pods.items():
            if pod.poll() is None:
                self.kill(index)

    def events(self, name: str) -> list[dict[str, float]]:
        """Return the recorded lines of one kind, in order."""
        lines = [line for info in self.run.scan("metrics/") for line in self.run.get(info.key).splitlines()]
        return [event for event in map(json.loads, lines) if event["event"] == name]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a lake that holds the digits."""
    folder = tmp_path_factory.mktemp("lake")
    raw = open_store(f"file://{folder}/raw/digits")
    source = Path(sklearn.datasets.__file__).parent / "data" / "digits.csv.gz"
    raw.put("digits.csv.gz", source.read_bytes())
    ingest(raw, open_store(f"file://{folder}/curated/digits"), "digits")
    return folder


@pytest.fixture(scope="module")
def unbroken_job(lake: Path) -> Iterator[Job]:
    """Yield a run that nothing happens to."""
    job = Job(lake, "unbroken")
    yield job
    job.clean()


@pytest.fixture(scope="module")
def unbroken(unbroken_job: Job) -> RunResult:
    """Return the result of the run that nothing happened to."""
    return unbroken_job.finish()


@pytest.fixture
def job(lake: Path, request: pytest.FixtureRequest) -> Iterator[Job]:
    """Yield a fresh run of two pods."""
    job = Job(lake, request.node.name.replace("_", "-").replace("[", "-").rstrip("]"))
    yield job
    job.clean()


def test_an_unbroken_run_learns_the_digits(unbroken: RunResult) -> None:
    """Two workers reach at least 97 % on the holdout."""
    assert unbroken.holdout_accuracy >= 0.97


def test_the_published_version_says_where_it_comes_from(lake: Path, unbroken: RunResult) -> None:
    """Data, code, run, metrics, signature and checksums of a real run; the artefact is what they say."""
    registry = Registry(open_store(f"file://{lake}/models"), "digits")
    found = registry.metadata(unbroken.model_version)
    assert (found.run_id, found.code_version) == ("unbroken", CODE_VERSION)
    assert found.data_version == load_manifest(open_store(f"file://{lake}/curated/digits")).version
    assert found.metrics["holdout_accuracy"] == unbroken.holdout_accuracy
    assert (found.hyperparameters["epochs"], found.hyperparameters["workers"]) == (EPOCHS, PODS)
    assert [(tensor.name, tensor.shape[0]) for tensor in (*found.inputs, *found.outputs)] == SIGNATURE
    artefact = lake / "models" / "digits" / "versions" / str(found.version) / "model.onnx"
    assert found.checksums == {"model.onnx": hashlib.sha256(artefact.read_bytes()).hexdigest()}


@pytest.mark.parametrize("victim", [0, 1])
def test_a_killed_pod_changes_nothing(job: Job, unbroken: RunResult, victim: int) -> None:
    """After a kill the run resumes, redoes at most one interval, and ends with equal weights."""
    job.wait_for_checkpoint(2 * INTERVAL_STEPS)
    job.kill(victim)
    job.start(victim)
    result = job.finish()
    assert result.weights_sha256 == unbroken.weights_sha256
    resumed_at = job.events("resume")[0]["step"]
    last_before = max(event["step"] for event in job.events("step") if event["attempt"] == 0)
    assert resumed_at >= 2 * INTERVAL_STEPS
    assert last_before - resumed_at <= INTERVAL_STEPS
    assert job.run.get("final/weights.pt")


def test_a_finished_run_ends_at_once(unbroken_job: Job, unbroken: RunResult) -> None:
    """A pod that is started again after its run is done ends with success, whoever else is there."""
    unbroken_job.start(1)
    assert unbroken_job.finish() == unbroken
    assert len(unbroken_job.events("start")) == 1
