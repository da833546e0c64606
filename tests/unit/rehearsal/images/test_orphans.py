"""Containers and layers that nothing is made of are deleted; what images need stays."""

from __future__ import annotations

import json
from pathlib import Path

from groundplan.rehearsal.images import orphans


def _write(file: Path, content: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))


def test_only_what_nobody_needs_goes(tmp_path: Path) -> None:
    """The layers of an image stay; that of a container, and one that was forgotten, do not."""
    parents = {"base": "", "image": "base", "container": "base", "forgotten": "base"}
    for layer in parents:
        (tmp_path / "overlay" / layer / "diff").mkdir(parents=True)
        (tmp_path / "overlay" / layer / "diff" / "file").write_text(layer)
        (tmp_path / "overlay" / layer / "link").write_text(f"L{layer}")
        (tmp_path / "overlay" / "l").mkdir(exist_ok=True)
        (tmp_path / "overlay" / "l" / f"L{layer}").symlink_to(f"../{layer}/diff")
    index = tmp_path / "overlay-layers" / "layers.json"
    _write(index, [{"id": layer, "parent": parent, "diff-size": 1} for layer, parent in parents.items()])
    _write(tmp_path / "overlay-images" / "images.json", [{"id": "i", "layer": "image"}])
    _write(tmp_path / "overlay-containers" / "containers.json", [{"id": "c", "layer": "container"}])
    assert orphans.remove(tmp_path) == ["container", "forgotten"]
    assert [layer["id"] for layer in json.loads(index.read_text())] == ["base", "image"]
    assert json.loads(index.read_text())[1] == {"id": "image", "parent": "base", "diff-size": 1}
    assert sorted(path.name for path in (tmp_path / "overlay" / "l").iterdir()) == [
        "Lbase",
        "Limage",
    ]
    assert not (tmp_path / "overlay" / "forgotten").exists()
    assert not (tmp_path / "overlay-containers").exists()
    assert (tmp_path / "overlay" / "base" / "diff" / "file").exists()
    assert orphans.remove(tmp_path) == []


def test_an_empty_storage_has_none(tmp_path: Path) -> None:
    """Before the first build there is no index."""
    assert orphans.remove(tmp_path) == []
