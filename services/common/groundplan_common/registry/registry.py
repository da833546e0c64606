"""Publish, list, promote, roll back and fetch model versions in object storage.

Layout below `<models>/<name>/`: `versions/<n>/` with `claim.json`, the artefacts, `signature.json` and
`metadata.json`; `aliases/<alias>.json`.
A version exists once its metadata does: it is written last. The signature is of the metadata, byte for byte,
which holds the name, the number and the checksum of each artefact.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from groundplan_common.checksums import sha256_bytes, verify
from groundplan_common.errors import (
    CorruptArtefact,
    ObjectMissing,
    ServiceError,
    SettingsError,
    UntrustedArtefact,
    WriteConflict,
)
from groundplan_common.registry.aliases import Alias
from groundplan_common.registry.metadata import FORMAT_VERSION, ModelDescription, ModelMetadata
from groundplan_common.signatures import Signature, Signer
from groundplan_common.storage import ObjectStore

_METADATA = "metadata.json"
_SIGNATURE = "signature.json"
_CLAIM = "claim.json"
_ALIAS_ATTEMPTS = 20
_RESTORE = "Roll the alias back, or restore the object."
AliasUpdate = Callable[[Alias | None], Alias]


class Registry:
    """The versions and aliases of one model.

    Args:
        models: the store of all models (`MODELS_URI`).
        name: the model.
        signer: signs what is published, and verifies what is downloaded; without it, nobody does.
    """

    def __init__(self, models: ObjectStore, name: str, signer: Signer | None = None) -> None:
        self.name = name
        self._store = models.child(name)
        self._signer = signer

    def publish(self, description: ModelDescription, artefacts: dict[str, Path]) -> ModelMetadata:
        """Store artefacts (file name -> local file) as a new version and return its metadata.

        Publishing the same run twice, after a crash for example, gives the same version.

        Raises:
            UntrustedArtefact: there is a version of this run already, which our key has not signed.
        """
        number = self._claim(description.run_id)
        folder = f"versions/{number}"
        if self._store.head(f"{folder}/{_METADATA}"):
            return self._published(number, description.run_id)
        checksums = {
            name: self._store.upload(path, f"{folder}/{name}") for name, path in sorted(artefacts.items())
        }
        metadata = ModelMetadata(
            **description.model_dump(),
            format_version=FORMAT_VERSION,
            version=number,
            created=datetime.now(UTC),
            checksums=checksums,
        )
        record = metadata.model_dump_json(indent=2).encode()
        if self._signer:
            self._put_signature(number, self._signer.sign(record))
        self._store.put(f"{folder}/{_METADATA}", record)
        return metadata

    def sign(self, version: int, metadata_sha256: str) -> Signature:
        """Sign a version that was published without a signature, or with that of another key.

        Whoever signs vouches for what the registry holds now: nothing here knows whether it was changed.

        Args:
            version: its number.
            metadata_sha256: SHA-256 of the metadata that somebody looked at.

        Raises:
            ObjectMissing: there is no such version.
            CorruptArtefact: an artefact is not the one that the metadata record; they are another version's.
            UntrustedArtefact: it has a signature of this key.
            SettingsError: there is no signer.
        """
        if self._signer is None:
            raise SettingsError("MODEL_SIGNING_KEY is not set.", hint="Give it the ARN of the key.")
        if self._signed_with(version) == self._signer.arn:
            raise UntrustedArtefact(
                f"Version {version} of {self.name!r} has a signature that names {self._signer.arn}.",
                hint="If servers refuse it all the same, somebody changed the version: train it again.",
            )
        record = self._record(version)
        verify(self._described(version), sha256_bytes(record), metadata_sha256)
        metadata = self._own(version, record)
        with TemporaryDirectory() as folder:
            self._fetch(metadata, Path(folder))
        return self._put_signature(version, self._signer.sign(record))

    def versions(self) -> list[int]:
        """Return the numbers of all published versions, ascending."""
        keys = (info.key.split("/") for info in self._store.scan("versions/"))
        return sorted(int(parts[1]) for parts in keys if parts[-1] == _METADATA)

    def metadata(self, version: int) -> ModelMetadata:
        """Return a version's metadata.

        Raises:
            ObjectMissing: there is no such version; the message lists those there are.
            CorruptArtefact: the metadata cannot be parsed.
        """
        return self._parsed(version, self._record(version))

    def metadata_sha256(self, version: int) -> str:
        """Return the SHA-256 of a version's metadata, which hold those of its artefacts."""
        return sha256_bytes(self._record(version))

    def alias(self, alias: str) -> Alias | None:
        """Return an alias, or None before its first promotion. Raises `CorruptArtefact`."""
        return self._alias(alias)[0]

    def promote(self, alias: str, version: int, *, by: str) -> Alias:
        """Let `alias` name `version`; asking for the version it names already changes nothing."""
        self.metadata(version)

        def change(current: Alias | None) -> Alias:
            if current is None:
                return Alias.first(alias, version, by)
            return current if current.version == version else current.promoted(version, by)

        return self._change(alias, change)

    def rollback(self, alias: str, *, by: str) -> Alias:
        """Let `alias` name the version it named before its last promotion."""

        def change(current: Alias | None) -> Alias:
            if current is None:
                raise ObjectMissing(
                    f"Model {self.name!r} has no alias {alias!r}.", hint="Promote a version first."
                )
            return current.rolled_back(by)

        return self._change(alias, change)

    def download(self, version: int, folder: Path) -> ModelMetadata:
        """Fetch a version's artefacts into `folder` and verify each of them.

        Raises:
            UntrustedArtefact: there is a signer, and it did not sign this version.
            CorruptArtefact: an artefact is missing or its checksum differs; it is not left in `folder`.
        """
        record = self._record(version)
        if self._signer:
            self._verify(version, record, self._signer)
        metadata = self._own(version, record)
        folder.mkdir(parents=True, exist_ok=True)
        self._fetch(metadata, folder)
        return metadata

    def _published(self, version: int, run_id: str) -> ModelMetadata:
        """What this run published before; not what somebody put there in its place."""
        metadata = self._own(version, self._record(version))
        if metadata.run_id != run_id:
            raise UntrustedArtefact(
                f"{self._described(version)} is that of run {metadata.run_id!r}, and run {run_id!r} has"
                " claimed the version.",
                hint="Find out who put it there, remove it, and start the run again.",
            )
        if self._signer and self._signed_with(version) != self._signer.arn:
            raise UntrustedArtefact(
                f"Version {version} of {self.name!r} is there, and not signed with {self._signer.arn}.",
                hint="Start the run under another name, or let somebody look at that version and sign it.",
            )
        return metadata

    def _signed_with(self, version: int) -> str | None:
        """The key that a signature names, which proves nothing; None without a signature that can be read."""
        try:
            return Signature.model_validate_json(self._store.get(f"versions/{version}/{_SIGNATURE}")).key
        except (ObjectMissing, ValidationError):
            return None

    def _own(self, version: int, record: bytes) -> ModelMetadata:
        metadata = self._parsed(version, record)
        if (metadata.name, metadata.version) != (self.name, version):
            raise CorruptArtefact(
                f"{self._described(version)} is that of version {metadata.version} of {metadata.name!r}.",
                hint=_RESTORE,
            )
        return metadata

    def _verify(self, version: int, record: bytes, signer: Signer) -> None:
        key = f"versions/{version}/{_SIGNATURE}"
        try:
            signature = Signature.model_validate_json(self._store.get(key))
        except ObjectMissing as error:
            raise UntrustedArtefact(
                f"Version {version} of {self.name!r} is not signed: {error.message}",
                hint="Train it again, or see docs/how-to/sign-models.md.",
            ) from error
        except ValidationError as error:
            problem = error.errors()[0]
            raise UntrustedArtefact(
                f"{self._store.describe(key)} is no signature: {problem['msg']}.", hint=_RESTORE
            ) from error
        if not signer.verify(record, signature):
            raise UntrustedArtefact(
                f"{self._described(version)} is not what {signer.arn} signed (it names {signature.key}).",
                hint="Find out who changed it; roll back, or train it again.",
            )

    def _put_signature(self, version: int, signature: Signature) -> Signature:
        self._store.put(f"versions/{version}/{_SIGNATURE}", signature.model_dump_json(indent=2).encode())
        return signature

    def _fetch(self, metadata: ModelMetadata, folder: Path) -> None:
        version = metadata.version
        for name, expected in metadata.checksums.items():
            key = f"versions/{version}/{name}"
            target = folder / name
            try:
                verify(self._store.describe(key), self._store.download(key, target), expected)
            except (CorruptArtefact, ObjectMissing) as error:
                target.unlink(missing_ok=True)
                raise CorruptArtefact(
                    error.message, hint=f"Roll back, or publish version {version} again."
                ) from error

    def _claim(self, run_id: str) -> int:
        """Return the number this run owns, taking the next free one if it has none."""
        claims = self._claims()
        for number, owner in claims.items():
            if owner == run_id:
                return number
        number = max([*claims, *self.versions()], default=0) + 1
        while True:
            key = f"versions/{number}/{_CLAIM}"
            if self._store.put_if_absent(key, json.dumps({"run_id": run_id}).encode()):
                return number
            if self._owner(key) == run_id:  # our own write whose answer was lost
                return number
            number += 1

    def _claims(self) -> dict[int, str]:
        keys = [info.key for info in self._store.scan("versions/") if info.key.endswith(f"/{_CLAIM}")]
        return {int(key.split("/")[1]): self._owner(key) for key in keys}

    def _owner(self, key: str) -> str:
        try:
            return str(json.loads(self._store.get(key))["run_id"])
        except (ValueError, KeyError, TypeError):
            return ""  # unreadable: the number stays taken, by nobody

    def _record(self, version: int) -> bytes:
        try:
            return self._store.get(f"versions/{version}/{_METADATA}")
        except ObjectMissing as error:
            known = ", ".join(map(str, self.versions())) or "none"
            raise ObjectMissing(
                f"Model {self.name!r} has no version {version} in {self._store.uri}; there are: {known}."
            ) from error

    def _parsed(self, version: int, record: bytes) -> ModelMetadata:
        try:
            return ModelMetadata.model_validate_json(record)
        except ValidationError as error:
            raise CorruptArtefact(
                f"{self._described(version)} is corrupt: {error.errors()[0]['msg']}.", hint=_RESTORE
            ) from error

    def _described(self, version: int) -> str:
        return self._store.describe(f"versions/{version}/{_METADATA}")

    def _alias(self, alias: str) -> tuple[Alias | None, str | None]:
        key = f"aliases/{alias}.json"
        info = self._store.head(key)
        if info is None:
            return None, None
        try:
            return Alias.model_validate_json(self._store.get(key)), info.etag
        except ValidationError as error:
            message = f"{self._store.describe(key)} is corrupt: {error.errors()[0]['msg']}."
            raise CorruptArtefact(message, hint="Restore the object from the bucket's versions.") from error

    def _change(self, alias: str, change: AliasUpdate) -> Alias:
        for _ in range(_ALIAS_ATTEMPTS):
            current, etag = self._alias(alias)
            wanted = change(current)
            if wanted is current:
                return wanted
            try:
                self._store.replace(
                    f"aliases/{alias}.json", wanted.model_dump_json(indent=2).encode(), etag=etag
                )
            except WriteConflict:
                continue
            return wanted
        raise ServiceError(f"Alias {alias!r} is being changed by too many others at once.", hint="Try again.")
