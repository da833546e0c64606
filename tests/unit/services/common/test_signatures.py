"""Signed model versions: what is served is what training vouched for, and no other thing."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber
from groundplan_common.errors import (
    AccessError,
    CorruptArtefact,
    ServiceError,
    SettingsError,
    UntrustedArtefact,
)
from groundplan_common.kms import KmsKey
from groundplan_common.registry import Registry
from groundplan_common.registry.__main__ import main
from groundplan_common.signatures import Signer, open_signer
from groundplan_common.storage import ObjectStore, open_store

from tests.unit.services.common.test_registry import describe

REGION = "eu-central-1"
METADATA, SIGNATURE = "digits/versions/1/metadata.json", "digits/versions/1/signature.json"


def _key(endpoint: str) -> str:
    kms = boto3.client("kms", region_name=REGION, endpoint_url=endpoint)
    return kms.create_key(KeySpec="ECC_NIST_P384", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]


@pytest.fixture
def signer(aws_endpoint: str) -> Signer:
    """Return a key that signs."""
    signer = open_signer(_key(aws_endpoint))
    assert signer
    return signer


@pytest.fixture
def models(tmp_path: Path) -> ObjectStore:
    """Return an empty store of models."""
    return open_store(f"file://{tmp_path}/models")


@pytest.fixture
def registry(models: ObjectStore, signer: Signer) -> Registry:
    """Return a registry that signs and verifies."""
    return Registry(models, "digits", signer)


@pytest.fixture
def artefacts(tmp_path: Path) -> dict[str, Path]:
    """Return a file to publish."""
    path = tmp_path / "model.onnx"
    path.write_bytes(b"weights")
    return {"model.onnx": path}


def test_a_signed_version_is_downloaded(
    registry: Registry, artefacts: dict[str, Path], tmp_path: Path
) -> None:
    """Whoever has the key's name verifies what another process signed."""
    registry.publish(describe("a"), artefacts)
    assert registry.download(1, tmp_path / "there").version == 1
    assert (tmp_path / "there" / "model.onnx").read_bytes() == b"weights"


def test_a_version_without_signature_is_refused(
    models: ObjectStore, registry: Registry, artefacts: dict[str, Path], tmp_path: Path
) -> None:
    """Nothing of it is fetched."""
    Registry(models, "digits").publish(describe("a"), artefacts)
    with pytest.raises(UntrustedArtefact, match=r"Version 1 of 'digits' is not signed: .*signature\.json"):
        registry.download(1, tmp_path / "there")
    assert not (tmp_path / "there").exists()


def test_a_model_and_its_checksum_changed_together_are_refused(
    models: ObjectStore, registry: Registry, artefacts: dict[str, Path], tmp_path: Path
) -> None:
    """Whoever may write to the bucket can make both fit: the checksum alone would let it pass."""
    registry.publish(describe("a"), artefacts)
    artefacts["model.onnx"].write_bytes(b"another")
    checksum = models.upload(artefacts["model.onnx"], "digits/versions/1/model.onnx")
    record = json.loads(models.get(METADATA)) | {"checksums": {"model.onnx": checksum}}
    models.put(METADATA, json.dumps(record).encode())
    assert Registry(models, "digits").download(1, tmp_path / "unverified")
    with pytest.raises(UntrustedArtefact, match=r"metadata\.json is not what arn:aws:kms:.* signed"):
        registry.download(1, tmp_path / "there")


def test_the_signature_of_another_key_is_refused(
    models: ObjectStore, registry: Registry, artefacts: dict[str, Path], aws_endpoint: str, tmp_path: Path
) -> None:
    """The key that a signature names is not asked; the one that serving was told is."""
    Registry(models, "digits", open_signer(_key(aws_endpoint))).publish(describe("a"), artefacts)
    with pytest.raises(UntrustedArtefact, match="it names arn:aws:kms:"):
        registry.download(1, tmp_path / "there")


@pytest.mark.parametrize("target", ["digits/versions/2", "letters/versions/1"])
def test_a_signed_version_is_good_in_its_own_place_only(
    models: ObjectStore, signer: Signer, artefacts: dict[str, Path], tmp_path: Path, target: str
) -> None:
    """An old version, or another model, copied to where a new one should be."""
    Registry(models, "digits", signer).publish(describe("a"), artefacts)
    for name in ("metadata.json", "signature.json", "model.onnx"):
        models.put(f"{target}/{name}", models.get(f"digits/versions/1/{name}"))
    name, _, version = target.split("/")
    with pytest.raises(CorruptArtefact, match=r"is that of version 1 of 'digits'"):
        Registry(models, name, signer).download(int(version), tmp_path / "there")


@pytest.mark.parametrize("content", [b"", b"{}", b'{"format_version":"1","key":"k","algorithm":"none"}'])
def test_what_is_no_signature_is_named(
    models: ObjectStore, registry: Registry, artefacts: dict[str, Path], tmp_path: Path, content: bytes
) -> None:
    """Cut off, empty, or of an algorithm that we do not take."""
    registry.publish(describe("a"), artefacts)
    models.put(SIGNATURE, content)
    with pytest.raises(UntrustedArtefact, match=r"signature\.json is no signature: "):
        registry.download(1, tmp_path / "there")


def test_an_artefact_cannot_be_written_outside_of_its_folder(
    models: ObjectStore, artefacts: dict[str, Path], tmp_path: Path
) -> None:
    """Metadata come from a bucket: a name in them is no path."""
    registry = Registry(models, "digits")
    registry.publish(describe("a"), artefacts)
    record = json.loads(models.get(METADATA))
    models.put(METADATA, json.dumps(record | {"checksums": {"../out": "0"}}).encode())
    with pytest.raises(CorruptArtefact, match=r"metadata\.json is corrupt"):
        registry.download(1, tmp_path / "there")


def test_the_command_signs_what_was_published_before(
    models: ObjectStore,
    registry: Registry,
    signer: Signer,
    artefacts: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """If its metadata are those that were looked at, and its files those that they record."""
    Registry(models, "digits").publish(describe("a"), artefacts)
    monkeypatch.setenv("MODELS_URI", models.uri)
    monkeypatch.setenv("MODEL_NAME", "digits")
    assert main(["show", "1"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["metadata"]["run_id"] == "a"
    sign = ["sign", "1", "--metadata-sha256", shown["metadata_sha256"]]
    assert main(sign) == SettingsError.exit_code
    assert "MODEL_SIGNING_KEY is not set" in capsys.readouterr().err
    monkeypatch.setenv("MODEL_SIGNING_KEY", signer.arn)
    assert main([*sign[:-1], "0" * 64]) == 1
    assert "metadata.json is corrupt: its SHA-256" in capsys.readouterr().err
    models.put("digits/versions/1/model.onnx", b"another")
    assert main(sign) == 1
    assert "model.onnx is corrupt: its SHA-256" in capsys.readouterr().err
    models.put("digits/versions/1/model.onnx", b"weights")
    assert main(sign) == 0
    assert json.loads(capsys.readouterr().out)["key"] == signer.arn
    assert registry.download(1, tmp_path / "there").version == 1


def test_what_was_changed_after_it_was_signed_is_not_signed_again(
    models: ObjectStore, registry: Registry, artefacts: dict[str, Path]
) -> None:
    """Else whoever looks into a refusal could make it go away by signing."""
    registry.publish(describe("a"), artefacts)
    models.put(METADATA, models.get(METADATA) + b" ")
    with pytest.raises(UntrustedArtefact, match="has a signature that names arn:aws:kms:"):
        registry.sign(1, registry.metadata_sha256(1))


def test_another_versions_metadata_are_not_signed(
    models: ObjectStore, signer: Signer, artefacts: dict[str, Path]
) -> None:
    """That signature would be good in the other version's place."""
    Registry(models, "digits").publish(describe("a"), artefacts)
    models.put("digits/versions/2/metadata.json", models.get(METADATA))
    registry = Registry(models, "digits", signer)
    with pytest.raises(CorruptArtefact, match=r"versions/2/metadata\.json is that of version 1"):
        registry.sign(2, registry.metadata_sha256(2))


def test_a_run_does_not_pass_for_its_own_what_somebody_published_in_its_name(
    models: ObjectStore, registry: Registry, artefacts: dict[str, Path]
) -> None:
    """Metadata that were there before: its own from before there were keys, or anybody's."""
    Registry(models, "digits").publish(describe("a"), artefacts)
    with pytest.raises(UntrustedArtefact, match=r"Version 1 of 'digits' is there, and not signed with"):
        registry.publish(describe("a"), artefacts)
    registry.sign(1, registry.metadata_sha256(1))
    assert registry.publish(describe("a"), artefacts).version == 1


def test_a_run_takes_no_number_that_somebody_has_put_a_version_under(
    models: ObjectStore, registry: Registry, artefacts: dict[str, Path]
) -> None:
    """Without a claim of its own, a forged version waits for the next run to take its number."""
    registry.publish(describe("a"), artefacts)
    for name in ("metadata.json", "signature.json"):
        models.put(f"digits/versions/2/{name}", models.get(f"digits/versions/1/{name}"))
    assert registry.publish(describe("b"), artefacts).version == 3
    models.put("digits/versions/4/claim.json", b'{"run_id": "c"}')
    for name in ("metadata.json", "signature.json"):
        models.put(f"digits/versions/4/{name}", models.get(f"digits/versions/3/{name}"))
    with pytest.raises(CorruptArtefact, match=r"versions/4/metadata\.json is that of version 3"):
        registry.publish(describe("c"), artefacts)
    forged = json.loads(models.get("digits/versions/3/metadata.json")) | {"version": 4}
    models.put("digits/versions/4/metadata.json", json.dumps(forged).encode())
    with pytest.raises(UntrustedArtefact, match=r"is that of run 'b', and run 'c' has"):
        registry.publish(describe("c"), artefacts)


def test_a_wrong_signature_is_an_error_of_kms(signer: Signer) -> None:
    """As AWS answers, where the server of these tests says `false`."""
    client = boto3.client("kms", region_name=REGION)
    with Stubber(client) as refusing:
        refusing.add_client_error("verify", "KMSInvalidSignatureException")
        assert not KmsKey(signer.arn, client).verify(b"anything", signer.sign(b"another"))


def test_a_key_that_is_gone_is_named(signer: Signer) -> None:
    """That is no wrong signature: nobody knows."""
    gone = open_signer(signer.arn.rpartition("/")[0] + "/00000000-0000-0000-0000-000000000000")
    assert gone
    with pytest.raises(ServiceError, match=r"Could not sign with arn:aws:kms:.*NotFoundException"):
        gone.sign(b"anything")


def test_a_role_that_may_not_verify_is_told_so(signer: Signer) -> None:
    """Nor is this one."""
    client = boto3.client("kms", region_name=REGION)
    with Stubber(client) as refusing:
        refusing.add_client_error("verify", "AccessDeniedException", "no identity-based policy allows it")
        with pytest.raises(AccessError, match=r"may not verify with arn:aws:kms:.*no identity-based policy"):
            KmsKey(signer.arn, client).verify(b"anything", signer.sign(b"anything"))
