"""The image archive that holds one program."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from groundplan.rehearsal import oci_archive


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A file that stands for an executable."""
    path = tmp_path / "agent"
    path.write_bytes(b"\x7fELF and the rest")
    return path


def test_every_blob_is_named_by_its_content_and_described(program: Path, tmp_path: Path) -> None:
    """Digests and sizes hold from the index down to the layer, whose only file is the program."""
    oci_archive.write(program, tmp_path / "agent.tar")
    files = _files((tmp_path / "agent.tar").read_bytes())
    for name, content in files.items():
        if name.startswith("blobs/"):
            assert name.rsplit("/", 1)[1] == hashlib.sha256(content).hexdigest()
    manifest = _document(files, json.loads(files["index.json"])["manifests"][0])
    config, layer = _document(files, manifest["config"]), _blob(files, manifest["layers"][0])
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer).hexdigest()}"]
    assert config["config"]["Entrypoint"] == ["/agent"]
    assert _files(layer) == {"agent": program.read_bytes()}


def test_the_program_is_executable_and_does_not_run_as_root(program: Path, tmp_path: Path) -> None:
    """Restricted pod security accepts the image as it is."""
    oci_archive.write(program, tmp_path / "agent.tar")
    files = _files((tmp_path / "agent.tar").read_bytes())
    manifest = _document(files, json.loads(files["index.json"])["manifests"][0])
    user, group = _document(files, manifest["config"])["config"]["User"].split(":")
    assert int(user) > 0
    assert int(group) > 0
    with tarfile.open(fileobj=io.BytesIO(_blob(files, manifest["layers"][0]))) as layer:
        assert layer.getmember("agent").mode == 0o755


def test_same_program_same_archive(program: Path, tmp_path: Path) -> None:
    """An archive depends on nothing but the program."""
    oci_archive.write(program, tmp_path / "one.tar")
    oci_archive.write(program, tmp_path / "two.tar")
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_another_program_has_another_name(program: Path) -> None:
    """A new build is never mistaken for the old one that containerd has."""
    before = oci_archive.reference(program)
    program.write_bytes(b"\x7fELF and something new")
    assert oci_archive.reference(program) != before


def _files(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        found = {member.name: tar.extractfile(member) for member in tar.getmembers()}
        return {name: file.read() for name, file in found.items() if file}


def _blob(files: dict[str, bytes], descriptor: dict[str, Any]) -> bytes:
    content = files["blobs/" + descriptor["digest"].replace(":", "/")]
    assert len(content) == descriptor["size"]
    return content


def _document(files: dict[str, bytes], descriptor: dict[str, Any]) -> dict[str, Any]:
    return json.loads(_blob(files, descriptor))
