"""The OCI layout: what it holds, what it keeps, what it streams."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from groundplan.rehearsal.images.layout import Layout


def _blob(layout: Layout, data: bytes) -> str:
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    file = layout.blob(digest)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return digest


def _image(layout: Layout, config: bytes, *layers: bytes) -> str:
    config_part = {"digest": _blob(layout, config), "size": len(config)}
    parts = [{"digest": _blob(layout, layer), "size": len(layer)} for layer in layers]
    return _blob(layout, json.dumps({"config": config_part, "layers": parts}).encode())


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """An empty layout."""
    return Layout(tmp_path)


def test_image_with_a_short_layer_is_not_held(layout: Layout) -> None:
    """A layer that was cut off makes the image incomplete."""
    digest = _image(layout, b"{}", b"layer")
    assert layout.holds(digest)
    layout.blob(f"sha256:{hashlib.sha256(b'layer').hexdigest()}").write_bytes(b"lay")
    assert not layout.holds(digest)
    assert not layout.holds(f"sha256:{'0' * 64}")


def test_archive_holds_a_shared_layer_once(layout: Layout) -> None:
    """Two images on one base: one archive with both names, and the base's layer once."""
    names = {
        "a@x": _image(layout, b'{"a":1}', b"base", b"a"),
        "b@x": _image(layout, b'{"b":1}', b"base", b"b"),
    }
    stream = io.BytesIO()
    layout.write_archive(names, stream)
    with tarfile.open(fileobj=io.BytesIO(stream.getvalue())) as archive:
        members = archive.getnames()
        index_file = archive.extractfile("index.json")
        assert index_file is not None
        index = json.load(index_file)
    assert len(members) == len(set(members)) == 2 + 2 * 3 + 1
    assert {
        entry["annotations"]["io.containerd.image.name"]: entry["digest"] for entry in index["manifests"]
    } == names


def test_keep_only_deletes_what_no_kept_image_needs(layout: Layout) -> None:
    """The base's layer stays with the image that needs it; the other image goes."""
    kept, gone = _image(layout, b'{"a":1}', b"base", b"a"), _image(layout, b'{"b":1}', b"base", b"b")
    layout.keep_only([kept])
    assert layout.holds(kept)
    assert not layout.blob(gone).exists()
    assert len(list(layout.folder.glob("blobs/*/*"))) == 4
