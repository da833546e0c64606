"""What a release is: one digest per service, in the file that the Pulumi program reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from groundplan.rehearsal.world import ACCOUNT_ID, World

SERVICES = ("ingest", "training", "inference")
"""The deployables: one folder each below `services/`, one repository each in the registry."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """Digests of the images that belong together.

    Args:
        images: digest of the image's manifest (`sha256:...`) by service.
    """

    images: Mapping[str, str]

    def write(self, file: Path) -> None:
        """Write the release manifest in one step, so that no reader sees half of it."""
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".new")
        draft.write_text(json.dumps({"images": dict(self.images)}, indent=2, sort_keys=True) + "\n")
        draft.replace(file)

    @classmethod
    def read(cls, file: Path) -> Release:
        """Read a release manifest.

        Raises:
            OSError, ValueError, KeyError: there is none, or it is damaged.
        """
        return cls(images=json.loads(file.read_text())["images"])


def image_reference(world: World, service: str, digest: str) -> str:
    """The name under which the cluster asks for an image: its ECR repository and digest."""
    registry = f"{ACCOUNT_ID}.dkr.ecr.{world.region}.amazonaws.com"
    return f"{registry}/groundplan-{world.environment}/{service}@{digest}"
