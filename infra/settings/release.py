"""The release manifest: which image digests a deployment runs. CI writes it after pushing them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from infra.settings.errors import Problem, SettingsError

SERVICES = ("ingest", "training", "inference")
"""The deployables under `services/`; each has an image repository."""
RELEASE_VARIABLE = "GROUNDPLAN_RELEASE"
_DEFAULT_FILE = "release.json"

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class Images(BaseModel):
    """Digest of each service's image."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ingest: Digest
    training: Digest
    inference: Digest


class Release(BaseModel):
    """One release of all services."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    images: Images

    def digest(self, service: str) -> str:
        """The digest of one of `SERVICES`, e.g. `sha256:...`."""
        return getattr(self.images, service)


def load_release(project_root: Path) -> Release:
    """Read the manifest that `GROUNDPLAN_RELEASE` names (default: `release.json` in the project's root).

    Raises:
        SettingsError: the file is missing or does not name a digest for each service.
    """
    name = os.environ.get(RELEASE_VARIABLE) or _DEFAULT_FILE
    try:
        return Release.model_validate_json((project_root / name).read_bytes())
    except FileNotFoundError:
        problem = Problem(
            key="the file",
            wrong="there is no such file",
            allowed="a manifest of the pushed images",
        )
        raise _release_error(name, problem) from None
    except ValidationError as error:
        problems = [
            Problem(
                key=".".join(map(str, item["loc"])) or "the file",
                given=item["input"] if item["type"] != "missing" else None,
                wrong=item["msg"],
                allowed='{"images": {"ingest": "sha256:<64 hex digits>", "training": ..., "inference": ...}}',
            )
            for item in error.errors(include_url=False)
        ]
        raise _release_error(name, *problems) from None


def _release_error(name: str, *problems: Problem) -> SettingsError:
    return SettingsError(
        file=name,
        problems=problems,
        next_step=f"let CI write the manifest, or name one: export {RELEASE_VARIABLE}=/path/to/release.json",
    )
