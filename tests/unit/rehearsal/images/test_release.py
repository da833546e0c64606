"""The release manifest and the names of images."""

from __future__ import annotations

import json
from pathlib import Path

from groundplan.rehearsal.images import Release, image_reference
from groundplan.rehearsal.world import World


def test_release_survives_its_file(tmp_path: Path) -> None:
    """What is written is what CI writes too, and reads back the same."""
    release = Release(images={"ingest": "sha256:1", "training": "sha256:2"})
    release.write(tmp_path / "new" / "release.json")
    assert json.loads((tmp_path / "new" / "release.json").read_text()) == {"images": dict(release.images)}
    assert Release.read(tmp_path / "new" / "release.json") == release


def test_reference_is_the_registrys(tmp_path: Path) -> None:
    """The cluster asks for the image in its environment's repository, by digest."""
    world = World(id="t", environment="dev", region="eu-central-1", slot=0, folder=tmp_path)
    reference = image_reference(world, "ingest", "sha256:1")
    registry, _, repository = reference.partition("/")
    assert registry.endswith(".dkr.ecr.eu-central-1.amazonaws.com")
    assert repository == "groundplan-dev/ingest@sha256:1"
