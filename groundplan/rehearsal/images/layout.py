"""The OCI image layout in the cache: images share the blobs of their common layers."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

_INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
_MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_BUFFER_BYTES = 2**14
_NAME_ANNOTATION = "io.containerd.image.name"


@dataclass(frozen=True)
class Layout:
    """An OCI image layout.

    Args:
        folder: holds `oci-layout`, `index.json` and `blobs/`.
    """

    folder: Path

    def blob(self, digest: str) -> Path:
        """File of a blob, whether it exists or not."""
        return self.folder / "blobs" / digest.replace(":", "/")

    def holds(self, digest: str) -> bool:
        """Whether an image is there with all its blobs, each of the size that its manifest tells."""
        if not self.blob(digest).is_file():
            return False
        return all(
            self.blob(part["digest"]).is_file() and self.blob(part["digest"]).stat().st_size == part["size"]
            for part in self._parts(digest)
        )

    def keep_only(self, digests: Iterable[str]) -> None:
        """Delete every blob that none of these images needs, and forget the images that are not named."""
        wanted = set(digests)
        kept = self._blobs_of(wanted)
        for file in (self.folder / "blobs").glob("*/*"):
            if f"{file.parent.name}:{file.name}" not in kept:
                file.unlink()
        index_file = self.folder / "index.json"
        if index_file.exists():
            index = json.loads(index_file.read_text())
            index["manifests"] = [entry for entry in index["manifests"] if entry["digest"] in wanted]
            draft = index_file.with_suffix(".new")
            draft.write_text(json.dumps(index))
            draft.replace(index_file)

    def write_archive(self, names: Mapping[str, str], target: IO[bytes]) -> None:
        """Stream one archive with several images; a layer that they share is in it once.

        Args:
            names: digest of an image by the full name that it is to get.
            target: where the tar file goes; need not be seekable.
        """
        entries = [
            {
                "mediaType": _MANIFEST_TYPE,
                "digest": digest,
                "size": self.blob(digest).stat().st_size,
                "annotations": {_NAME_ANNOTATION: name},
            }
            for name, digest in names.items()
        ]
        index = {"schemaVersion": 2, "mediaType": _INDEX_TYPE, "manifests": entries}
        with tarfile.open(fileobj=target, mode="w|", bufsize=_BUFFER_BYTES) as archive:
            _add(archive, "oci-layout", {"imageLayoutVersion": "1.0.0"})
            _add(archive, "index.json", index)
            for digest in sorted(self._blobs_of(names.values())):
                archive.add(self.blob(digest), f"blobs/{digest.replace(':', '/')}")

    def _blobs_of(self, digests: Iterable[str]) -> set[str]:
        return {blob for digest in digests for blob in (digest, *(p["digest"] for p in self._parts(digest)))}

    def _parts(self, digest: str) -> list[dict[str, Any]]:
        manifest = json.loads(self.blob(digest).read_text())
        return [manifest["config"], *manifest["layers"]]


def _add(archive: tarfile.TarFile, name: str, content: Mapping[str, Any]) -> None:
    data = json.dumps(content).encode()
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))
