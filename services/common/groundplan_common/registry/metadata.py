"""What is recorded with each model version: the standard format of the platform."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

FORMAT_VERSION = "1"
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""No folder, and no way out of one."""


class TensorSpec(BaseModel):
    """One input or output; `shape` begins with the batch dimension, written -1."""

    model_config = ConfigDict(frozen=True)

    name: str
    dtype: str
    shape: tuple[int, ...]


class ModelDescription(BaseModel):
    """What the publisher knows of a model before it has a version number."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    name: str
    run_id: str
    data_version: str
    code_version: str
    framework: str
    seed: int
    metrics: dict[str, float]
    hyperparameters: dict[str, float | int | str]
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


class ModelMetadata(ModelDescription):
    """A published version: its description, number, time, and the SHA-256 of each artefact by file name."""

    format_version: str
    version: int
    created: datetime
    checksums: dict[FileName, str]
