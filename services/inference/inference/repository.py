"""Triton's model repository on disk: verified versions, and the configuration that picks one."""

from __future__ import annotations

import shutil
from pathlib import Path

from groundplan_common.errors import CorruptArtefact
from groundplan_common.registry import ModelMetadata, Registry

from inference.backends import ARTEFACT, Backend
from inference.config import Serving, render


class ModelRepository:
    """The repository of one model.

    Args:
        root: what Triton is given as `--model-repository`.
        registry: where versions come from.
    """

    def __init__(self, root: Path, registry: Registry, backend: Backend, serving: Serving) -> None:
        self.root = root
        self._model = root / registry.name
        self._registry = registry
        self._backend = backend
        self._serving = serving

    def add(self, version: int) -> ModelMetadata:
        """Fetch and verify a version and put it beside the one that is served.

        Raises:
            CorruptArtefact: it cannot be used; the repository is as it was.
            UntrustedArtefact: the key that was named has not signed it; the same.
        """
        staging = self.root.with_name(f"{self.root.name}.incoming")
        shutil.rmtree(staging, ignore_errors=True)
        metadata = self._registry.download(version, staging)
        if not (staging / ARTEFACT).is_file():
            shutil.rmtree(staging)
            raise CorruptArtefact(f"Version {version} of {self._registry.name!r} has no {ARTEFACT}.")
        for name, source in self._backend.files.items():
            shutil.copyfile(source, staging / name)
        self.remove(version)
        self._model.mkdir(parents=True, exist_ok=True)
        shutil.move(staging, self._model / str(version))
        return metadata

    def select(self, metadata: ModelMetadata) -> None:
        """Let the configuration name the version of `metadata`; Triton acts on it at the next load."""
        staged = self._model / "config.pbtxt.part"
        staged.write_text(render(metadata, self._backend.name, self._serving))
        staged.replace(self._model / "config.pbtxt")

    def remove(self, version: int) -> None:
        """Forget a version; no error when it is not there."""
        shutil.rmtree(self._model / str(version), ignore_errors=True)
