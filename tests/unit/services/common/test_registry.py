"""The model registry: atomic publishing, aliases with history, verified downloads."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from groundplan_common.errors import CorruptArtefact, ObjectMissing, ServiceError
from groundplan_common.registry import ModelDescription, Registry, TensorSpec
from groundplan_common.registry.__main__ import main
from groundplan_common.storage import ObjectStore, open_store


def describe(run_id: str) -> ModelDescription:
    """Return the description of a model that the run `run_id` made."""
    return ModelDescription(
        name="digits",
        run_id=run_id,
        data_version="d1",
        code_version="c1",
        framework="onnx",
        seed=7,
        metrics={"holdout_accuracy": 0.98},
        hyperparameters={"epochs": 3},
        inputs=(TensorSpec(name="image", dtype="float32", shape=(-1, 64)),),
        outputs=(TensorSpec(name="label", dtype="int64", shape=(-1, 1)),),
    )


@pytest.fixture
def models(tmp_path: Path) -> ObjectStore:
    """Return an empty store of models."""
    return open_store(f"file://{tmp_path}/models")


@pytest.fixture
def registry(models: ObjectStore) -> Registry:
    """Return an empty registry."""
    return Registry(models, "digits")


@pytest.fixture
def artefact(tmp_path: Path) -> Path:
    """Return a file to publish."""
    path = tmp_path / "model.onnx"
    path.write_bytes(b"weights")
    return path


def test_versions_count_up_and_a_run_publishes_once(registry: Registry, artefact: Path) -> None:
    """Each run gets the next number; the same run again gets the number it has."""
    numbers = [registry.publish(describe(run), {"model.onnx": artefact}).version for run in ("a", "b", "a")]
    assert numbers == [1, 2, 1]
    assert registry.versions() == [1, 2]


def test_concurrent_publishers_get_different_numbers(registry: Registry, artefact: Path) -> None:
    """Eight runs that publish at once come out as eight versions."""
    with ThreadPoolExecutor(8) as pool:
        done = pool.map(
            lambda n: registry.publish(describe(f"run-{n}"), {"model.onnx": artefact}).version, range(8)
        )
        assert sorted(done) == list(range(1, 9))


def test_a_publisher_that_died_leaves_no_version(
    registry: Registry, models: ObjectStore, artefact: Path
) -> None:
    """Without metadata there is no version; the number is used again by the same run only."""
    registry.publish(describe("a"), {"model.onnx": artefact})
    models.delete("digits/versions/1/metadata.json")
    assert registry.versions() == []
    assert registry.publish(describe("b"), {"model.onnx": artefact}).version == 2
    assert registry.publish(describe("a"), {"model.onnx": artefact}).version == 1


def test_promote_and_rollback_keep_a_history(registry: Registry, artefact: Path) -> None:
    """Rollback goes to the version before, and from there to the one before that; each change is recorded."""
    for run in "abc":
        registry.publish(describe(run), {"model.onnx": artefact})
    for version in (1, 2, 2, 3):
        registry.promote("live", version, by="ann")
    assert registry.rollback("live", by="bob").version == 2
    final = registry.rollback("live", by="bob")
    changes = [(change.action, change.previous, change.version, change.by) for change in final.history]
    assert changes == [
        ("promote", None, 1, "ann"),
        ("promote", 1, 2, "ann"),
        ("promote", 2, 3, "ann"),
        ("rollback", 3, 2, "bob"),
        ("rollback", 2, 1, "bob"),
    ]
    with pytest.raises(ServiceError, match="nothing to roll back to"):
        registry.rollback("live", by="bob")


def test_an_unknown_version_cannot_be_promoted(registry: Registry, artefact: Path) -> None:
    """The message lists the versions there are."""
    registry.publish(describe("a"), {"model.onnx": artefact})
    with pytest.raises(ObjectMissing, match=r"no version 9 .* there are: 1"):
        registry.promote("live", 9, by="ann")
    assert registry.alias("live") is None


def test_a_download_is_verified(
    registry: Registry, models: ObjectStore, artefact: Path, tmp_path: Path
) -> None:
    """A changed or missing artefact is named and not left on disk."""
    registry.publish(describe("a"), {"model.onnx": artefact})
    assert registry.download(1, tmp_path / "good").version == 1
    assert (tmp_path / "good" / "model.onnx").read_bytes() == b"weights"
    models.put("digits/versions/1/model.onnx", b"weightz")
    with pytest.raises(CorruptArtefact, match=r"versions/1/model\.onnx is corrupt: its SHA-256 is"):
        registry.download(1, tmp_path / "bad")
    assert not (tmp_path / "bad" / "model.onnx").exists()
    models.delete("digits/versions/1/model.onnx")
    with pytest.raises(CorruptArtefact, match="does not exist"):
        registry.download(1, tmp_path / "bad")


def test_truncated_metadata_is_named(registry: Registry, models: ObjectStore, artefact: Path) -> None:
    """Half a metadata file is corrupt, not a version without fields."""
    registry.publish(describe("a"), {"model.onnx": artefact})
    key = "digits/versions/1/metadata.json"
    models.put(key, models.get(key)[:100])
    with pytest.raises(CorruptArtefact, match=r"metadata\.json is corrupt"):
        registry.metadata(1)


def test_the_command_promotes_and_lists(
    registry: Registry,
    models: ObjectStore,
    artefact: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """JSON on stdout; a mistake is one line on stderr and an exit code."""
    registry.publish(describe("a"), {"model.onnx": artefact})
    monkeypatch.setenv("MODELS_URI", models.uri)
    monkeypatch.setenv("MODEL_NAME", "digits")
    assert main(["promote", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["version"] == 1
    assert main(["list"]) == 0
    listing = json.loads(capsys.readouterr().out)
    assert listing["alias"]["version"] == 1
    assert [version["version"] for version in listing["versions"]] == [1]
    assert main(["promote", "5"]) == 1
    assert "no version 5" in capsys.readouterr().err
