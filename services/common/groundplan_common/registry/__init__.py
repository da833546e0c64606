"""The model registry: versions with artefact and metadata, and aliases that name the version to serve."""

from __future__ import annotations

from groundplan_common.registry.aliases import Alias, AliasChange
from groundplan_common.registry.metadata import ModelDescription, ModelMetadata, TensorSpec
from groundplan_common.registry.registry import Registry

__all__ = ["Alias", "AliasChange", "ModelDescription", "ModelMetadata", "Registry", "TensorSpec"]
