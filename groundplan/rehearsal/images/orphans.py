"""What a full disk leaves in buildah's storage and no command of it removes.

A build that runs out of space leaves a container that buildah has no state of (it could not write it), so
that `buildah rm --all` does not see it; or a layer whose deletion it could not write down. Either would fill
the disk for ever.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any


def remove(storage: Path) -> list[str]:
    """Delete all containers, and layers that no image is made of; return the ids of the layers.

    Nothing else may use the storage meanwhile.

    Args:
        storage: buildah's root, with the overlay driver.
    """
    shutil.rmtree(storage / "overlay-containers", ignore_errors=True)
    index = storage / "overlay-layers" / "layers.json"
    layers = {layer["id"]: layer for layer in _read(index)}
    used = _used(storage, layers)
    orphans = [layer for layer in layers if layer not in used]
    for orphan in orphans:
        _delete(storage / "overlay" / orphan)
        (index.parent / f"{orphan}.tar-split.gz").unlink(missing_ok=True)
    if orphans:
        draft = index.with_suffix(".new")
        draft.write_text(json.dumps([layers[layer] for layer in used]))
        draft.replace(index)
    return orphans


def _used(storage: Path, layers: dict[str, dict[str, Any]]) -> list[str]:
    """Ids of layers that images are made of, in the order of the index (parents first)."""
    images = _read(storage / "overlay-images" / "images.json")
    tops = [image["layer"] for image in images if image.get("layer")]
    tops += [layer for image in images for layer in image.get("mapped-layers") or ()]
    found: set[str] = set()
    for top in tops:
        layer: str | None = top
        while layer in layers and layer not in found:
            found.add(layer)
            layer = layers[layer].get("parent")
    return [layer for layer in layers if layer in found]


def _delete(folder: Path) -> None:
    link = folder / "link"
    if link.exists():
        (folder.parent / "l" / link.read_text().strip()).unlink(missing_ok=True)
    subprocess.run(["umount", "--lazy", folder / "merged"], check=False, capture_output=True)
    subprocess.run(["rm", "-rf", "--one-file-system", folder], check=True)


def _read(file: Path) -> list[dict[str, Any]]:
    try:
        return json.loads(file.read_text()) or []
    except FileNotFoundError:
        return []
