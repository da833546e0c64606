"""Container images of one static program each, written as OCI archives without a container engine."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from pathlib import Path
from typing import Any

NON_ROOT = "65532:65532"
"""User and group that the programs run as."""

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def reference(program: Path) -> str:
    """The image's name for a program: its tag is the digest of the program's content."""
    return f"localhost/groundplan/{program.name}:{_sha256(program.read_bytes())[:16]}"


def write(program: Path, archive: Path) -> None:
    """Write an image that holds and runs one statically linked program.

    The same program gives the same archive, byte by byte.

    Args:
        program: the executable, built for this machine; it lies at `/<its name>` and is the entry point.
        archive: file to write.
    """
    layer = _tar({program.name: program.read_bytes()}, mode=0o755)
    config = _json(
        {
            "architecture": _ARCHITECTURES[platform.machine()],
            "os": "linux",
            "config": {"Entrypoint": [f"/{program.name}"], "User": NON_ROOT, "WorkingDir": "/"},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_sha256(layer)}"]},
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": _descriptor("application/vnd.oci.image.config.v1+json", config),
            "layers": [_descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
        }
    )
    entry = _descriptor("application/vnd.oci.image.manifest.v1+json", manifest)
    index = _json(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [{**entry, "annotations": {"io.containerd.image.name": reference(program)}}],
        }
    )
    files = {"oci-layout": _json({"imageLayoutVersion": "1.0.0"}), "index.json": index}
    files |= {f"blobs/sha256/{_sha256(blob)}": blob for blob in (layer, config, manifest)}
    archive.parent.mkdir(parents=True, exist_ok=True)
    archive.write_bytes(_tar(files, mode=0o644))


def _descriptor(media_type: str, blob: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{_sha256(blob)}", "size": len(blob)}


def _tar(files: dict[str, bytes], *, mode: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), mode
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
