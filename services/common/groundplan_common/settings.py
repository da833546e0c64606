"""Typed settings from environment variables; an error names the variable, its value and what is allowed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from groundplan_common.errors import SettingsError

_SCHEMES = ("s3://", "file://")


def _storage_uri(value: str) -> str:
    if not value.startswith(_SCHEMES) or not value.split("://", 1)[1].strip("/"):
        raise ValueError("must look like s3://bucket/prefix or file:///folder")
    return value.rstrip("/")


StorageUri = Annotated[str, AfterValidator(_storage_uri)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]


class ServiceSettings(BaseModel):
    """Base of each service's settings: the field `models_uri` is read from the variable `MODELS_URI`."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    pod_name: str = "local"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read all fields from `environment` (default: this process's own).

        Raises:
            SettingsError: a variable is missing or its value is not allowed; every such variable is named.
        """
        source = os.environ if environment is None else environment
        values = {
            field: source[field.upper()] for field in cls.model_fields if source.get(field.upper(), "") != ""
        }
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            problems = "; ".join(
                _describe(str(item["loc"][0]), item["msg"], values) for item in error.errors()
            )
            raise SettingsError(f"The environment does not fit: {problems}.") from error


def _describe(field: str, problem: str, values: Mapping[str, str]) -> str:
    if field not in values:
        return f"{field.upper()} is not set"
    return f"{field.upper()}={values[field]!r}: {problem.removeprefix('Value error, ')}"
