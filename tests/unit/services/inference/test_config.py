"""Triton's configuration, rendered from metadata; checked by Triton's own message definition."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from groundplan_common.errors import CorruptArtefact, ServiceError, SettingsError
from groundplan_common.registry import ModelMetadata, TensorSpec
from inference import backends
from inference.config import Serving, preferred_batch_sizes, render
from inference.settings import InferenceSettings
from inference.triton import command_line
from tritonclient.grpc import model_config_pb2

MESSAGES: Any = model_config_pb2  # its classes are made at run time

SERVING = Serving(
    gpu=False,
    instances=2,
    max_batch_size=32,
    max_queue_delay_us=500,
    max_queue_size=100,
    queue_timeout_us=9000,
)


def metadata(dtype: str = "float32") -> ModelMetadata:
    """Return the metadata of version 3."""
    return ModelMetadata(
        name="digits",
        run_id="r",
        data_version="d",
        code_version="c",
        framework="onnx",
        seed=0,
        metrics={},
        hyperparameters={},
        inputs=(TensorSpec(name="image", dtype=dtype, shape=(-1, 64)),),
        outputs=(
            TensorSpec(name="probabilities", dtype="float32", shape=(-1, 10)),
            TensorSpec(name="label", dtype="int64", shape=(-1, 1)),
        ),
        format_version="1",
        version=3,
        created=datetime.now(UTC),
        checksums={},
    )


def parsed(serving: Serving = SERVING) -> Any:
    """Return what Triton understands of the rendered text."""
    return text_format.Parse(render(metadata(), "python", serving), MESSAGES.ModelConfig())


def test_the_configuration_serves_one_version_of_the_signature() -> None:
    """Names, types, shapes without the batch dimension, and only the version wanted."""
    config = parsed()
    assert (config.name, config.backend, config.max_batch_size) == ("digits", "python", 32)
    assert [(t.name, t.data_type, list(t.dims)) for t in config.input] == [
        ("image", MESSAGES.TYPE_FP32, [64])
    ]
    assert [(t.name, t.data_type, list(t.dims)) for t in config.output] == [
        ("probabilities", MESSAGES.TYPE_FP32, [10]),
        ("label", MESSAGES.TYPE_INT64, [1]),
    ]
    assert list(config.version_policy.specific.versions) == [3]


def test_requests_are_batched_with_priorities_and_bounded_queues() -> None:
    """Two priorities, the lower one by default; what waits too long is rejected."""
    batching = parsed().dynamic_batching
    assert list(batching.preferred_batch_size) == preferred_batch_sizes(32) == [8, 32]
    assert batching.max_queue_delay_microseconds == 500
    assert (batching.priority_levels, batching.default_priority_level) == (2, 2)
    policy = batching.default_queue_policy
    assert (policy.max_queue_size, policy.default_timeout_microseconds) == (100, 9000)
    assert policy.timeout_action == MESSAGES.ModelQueuePolicy.REJECT


@pytest.mark.parametrize(("gpu", "kind"), [(True, "KIND_GPU"), (False, "KIND_CPU")])
def test_instances_go_where_the_hardware_is(gpu: bool, kind: str) -> None:
    """A GPU is used when there is one."""
    group = parsed(Serving(**{**vars(SERVING), "gpu": gpu})).instance_group[0]
    assert (group.count, group.Kind.Name(group.kind)) == (2, kind)


def test_an_unknown_type_is_named() -> None:
    """Metadata with a type that Triton does not know is not served."""
    with pytest.raises(CorruptArtefact, match="input 'image' has type 'complex64'; allowed: bool, float16"):
        render(metadata("complex64"), "python", SERVING)


def test_the_best_installed_backend_is_chosen(tmp_path: Path) -> None:
    """ONNX Runtime's own if there is one, else Python's, else an error that names the folder."""
    with pytest.raises(ServiceError, match=r"backends holds no backend.*onnxruntime or python"):
        backends.choose(tmp_path)
    (tmp_path / "backends" / "python").mkdir(parents=True)
    assert backends.choose(tmp_path).name == "python"
    assert all(source.is_file() for source in backends.choose(tmp_path).files.values())
    (tmp_path / "backends" / "onnxruntime").mkdir()
    assert backends.choose(tmp_path).name == "onnxruntime"


def test_triton_loads_only_what_it_is_told() -> None:
    """The repository is under the supervisor's control, on the ports of the settings."""
    settings = InferenceSettings(
        models_uri="s3://m/v", model_name="digits", model_signing_key="none", http_port=1234
    )
    command = command_line(settings)
    assert "--model-control-mode=explicit" in command
    assert "--http-port=1234" in command


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ({}, "MODEL_SIGNING_KEY is not set"),
        ({"MODEL_SIGNING_KEY": ""}, "MODEL_SIGNING_KEY is not set"),
        ({"MODEL_SIGNING_KEY": "alias/models"}, "MODEL_SIGNING_KEY='alias/models'"),
    ],
)
def test_to_serve_what_nobody_signed_has_to_be_said(key: dict[str, str], problem: str) -> None:
    """A variable that is lost, or empty, is an error: not a server that takes any model."""
    with pytest.raises(SettingsError, match=problem):
        InferenceSettings.from_environment({"MODELS_URI": "s3://m/v", "MODEL_NAME": "digits"} | key)
