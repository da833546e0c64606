"""What each image is made from: the bases of the rehearsal and the services on top of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from groundplan.rehearsal.images.release import SERVICES
from groundplan.rehearsal.world import PROJECT_ROOT

SERVICES_FOLDER = PROJECT_ROOT / "services"
ROOT = "python"
"""The base that all others grow from; its root file system is made by mmdebstrap."""

_BASES_FOLDER = Path(__file__).parent / "bases"
_BASE_OF = {"torch": ROOT, "triton": ROOT, "ingest": ROOT, "training": "torch", "inference": "triton"}
_NEEDED_MIB = {
    "python": 600,
    "torch": 3000,
    "triton": 1100,
    "ingest": 800,
    "training": 1900,
    "inference": 1100,
}
"""Most room that a build took: the layer, its archive while it is made and, of a service, its blobs."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How one image is built.

    Args:
        name: base or service.
        dockerfile: its Dockerfile.
        context: the folder that its COPY lines begin in.
        parent: the recipe whose image is its `BASE_IMAGE`; None for the root.
        inputs: files and folders whose content decides the image.
        needed_bytes: room that the build takes.
    """

    name: str
    dockerfile: Path
    context: Path
    parent: str | None
    inputs: tuple[Path, ...]
    needed_bytes: int

    @property
    def is_service(self) -> bool:
        """Whether the image is deployed, and not only a base of others."""
        return self.name in SERVICES

    def key(self, parent_image_id: str = "") -> str:
        """SHA-256 over the inputs and the image below: the same key means the same image."""
        content = hashlib.sha256(f"{self.name}\n{parent_image_id}\n".encode())
        for file in _files(self.inputs):
            data = file.read_bytes()
            content.update(f"{file.relative_to(self.context)} {len(data)}\n".encode())
            content.update(data)
        return content.hexdigest()


def all_recipes() -> tuple[Recipe, ...]:
    """Bases and services, each after the one that it grows from."""
    return (*(_base(name) for name in (ROOT, "torch", "triton")), *(_service(name) for name in SERVICES))


def _base(name: str) -> Recipe:
    folder = _BASES_FOLDER / name
    return Recipe(
        name=name,
        dockerfile=folder / "Containerfile",
        context=folder,
        parent=_BASE_OF.get(name),
        inputs=(folder,),
        needed_bytes=_NEEDED_MIB[name] * 2**20,
    )


def _service(name: str) -> Recipe:
    folder = SERVICES_FOLDER / name
    return Recipe(
        name=name,
        dockerfile=folder / "Dockerfile",
        context=SERVICES_FOLDER,
        parent=_BASE_OF[name],
        inputs=(
            folder / "Dockerfile",
            folder / "requirements.txt",
            folder / name,
            SERVICES_FOLDER / "common" / "groundplan_common",
            SERVICES_FOLDER / ".dockerignore",
        ),
        needed_bytes=_NEEDED_MIB[name] * 2**20,
    )


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            found = (file for file in path.rglob("*") if file.is_file())
            yield from sorted(file for file in found if "__pycache__" not in file.parts)
        else:
            yield path
