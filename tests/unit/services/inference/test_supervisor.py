"""The supervisor between registry and server: what is served when versions are good, corrupt or refused."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from groundplan_common.errors import ObjectMissing
from groundplan_common.registry import ModelDescription, Registry, TensorSpec
from groundplan_common.storage import ObjectStore, open_store
from inference.backends import Backend
from inference.config import Serving
from inference.repository import ModelRepository
from inference.supervisor import Supervisor
from inference.triton import LoadFailed
from tritonclient.grpc import model_config_pb2

MESSAGES: Any = model_config_pb2  # its classes are made at run time


class RecordingServer:
    """Loads what the repository's configuration names, as Triton does; refuses what it is told to refuse."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.refuses: set[int] = set()
        self.serving: int | None = None

    def load(self, model: str) -> None:
        """Serve the version of the configuration, or keep the one before."""
        text = (self._root / model / "config.pbtxt").read_text()
        config = text_format.Parse(text, MESSAGES.ModelConfig())
        (version,) = config.version_policy.specific.versions
        if version in self.refuses or not (self._root / model / str(version) / "model.onnx").is_file():
            raise LoadFailed(f"refused version {version}")
        self.serving = version

    def ready(self, model: str, version: int) -> bool:
        """Tell whether a version is served."""
        return (self._root / model).is_dir() and self.serving == version


class World:
    """A registry with three versions, a server and the supervisor between them."""

    def __init__(self, folder: Path) -> None:
        self.models: ObjectStore = open_store(f"file://{folder}/models")
        self.registry = Registry(self.models, "digits")
        artefact = folder / "model.onnx"
        artefact.write_bytes(b"weights")
        for run in "abc":
            self.registry.publish(_description(run), {"model.onnx": artefact})
        self.root = folder / "repository"
        self.root.mkdir()
        self.server = RecordingServer(self.root)
        serving = Serving(
            gpu=False,
            instances=1,
            max_batch_size=8,
            max_queue_delay_us=0,
            max_queue_size=9,
            queue_timeout_us=9,
        )
        repository = ModelRepository(self.root, self.registry, Backend(name="onnxruntime", files={}), serving)
        self.supervisor = Supervisor(
            self.registry, repository, self.server, alias="live", retry_interval_s=0.0
        )

    def promote(self, version: int) -> None:
        """Move the alias and let the supervisor look at it."""
        self.registry.promote("live", version, by="test")
        self.supervisor.reconcile()


def _description(run_id: str) -> ModelDescription:
    return ModelDescription(
        name="digits",
        run_id=run_id,
        data_version="d",
        code_version="c",
        framework="onnx",
        seed=0,
        metrics={},
        hyperparameters={},
        inputs=(TensorSpec(name="image", dtype="float32", shape=(-1, 64)),),
        outputs=(TensorSpec(name="label", dtype="int64", shape=(-1, 1)),),
    )


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a world in which nothing is served yet."""
    return World(tmp_path)


def test_it_waits_until_there_is_an_alias(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """No alias is no error, and is said once."""
    with caplog.at_level(logging.INFO):
        world.supervisor.reconcile()
        world.supervisor.reconcile()
    assert [record.message for record in caplog.records] == ["waiting for the alias"]
    assert world.supervisor.state() == {"model": "digits", "version": None, "wanted": None, "error": None}


def test_it_follows_the_alias_and_cleans_up(world: World) -> None:
    """Forward and back again; only the version served stays on disk."""
    for version in (1, 2, 1):
        world.promote(version)
        assert world.server.serving == version
        assert world.supervisor.state()["version"] == version
    assert sorted(path.name for path in (world.root / "digits").iterdir()) == ["1", "config.pbtxt"]


def test_a_corrupt_artefact_leaves_the_old_version_serving(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """The reason is logged once, and the version is taken as soon as it is whole again."""
    world.promote(1)
    key = "digits/versions/2/model.onnx"
    good = world.models.get(key)
    world.models.put(key, b"rubbish")
    with caplog.at_level(logging.ERROR):
        world.promote(2)
        world.supervisor.reconcile()
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [(record.message, vars(record)["still_serving"]) for record in errors] == [
        ("cannot serve version 2", 1)
    ]
    assert "versions/2/model.onnx is corrupt" in str(world.supervisor.state()["error"])
    assert world.server.serving == 1
    assert not (world.root / "digits" / "2").exists()
    world.models.put(key, good)
    world.supervisor.reconcile()
    assert world.supervisor.state() == {"model": "digits", "version": 2, "wanted": 2, "error": None}


def test_a_version_that_triton_refuses_leaves_the_old_one_serving(world: World) -> None:
    """The configuration names the old version again, so that a later load cannot lose it."""
    world.promote(1)
    world.server.refuses.add(2)
    world.promote(2)
    assert world.supervisor.state()["version"] == 1
    world.server.load("digits")
    assert world.server.serving == 1
    world.promote(3)
    assert world.supervisor.state() == {"model": "digits", "version": 3, "wanted": 3, "error": None}


def test_a_storage_that_fails_changes_nothing(world: World) -> None:
    """A damaged alias is reported, and what is served stays."""
    world.promote(1)
    world.models.put("digits/aliases/live.json", b"{")
    world.supervisor.reconcile()
    assert "live.json is corrupt" in str(world.supervisor.state()["error"])
    assert world.server.serving == 1


def test_metadata_without_its_artefact_is_not_served(world: World) -> None:
    """A version whose model was deleted is corrupt."""
    world.models.delete("digits/versions/2/model.onnx")
    world.promote(1)
    world.promote(2)
    assert world.supervisor.state()["version"] == 1
    with pytest.raises(ObjectMissing):
        world.registry.metadata(9)
