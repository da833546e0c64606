"""Keys of KMS that sign, as we amended them in moto."""

from __future__ import annotations

import hashlib

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tests.unit.rehearsal.emulator.checked import checked_client
from tests.unit.rehearsal.emulator.emulated import Emulated

MESSAGE = b"a model"
DIGEST = hashlib.sha384(MESSAGE).digest()
ALGORITHM = "ECDSA_SHA_384"


@pytest.mark.parametrize(("kind", "message"), [("RAW", MESSAGE), ("DIGEST", DIGEST)])
def test_signatures_hold_outside_of_kms(aws: Emulated, kind: str, message: bytes) -> None:
    """Whoever has the public key can check them, whether KMS was given the message or its digest."""
    client = checked_client(aws, "kms")
    key = client.create_key(KeySpec="ECC_NIST_P384", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    request = {"KeyId": key, "Message": message, "MessageType": kind, "SigningAlgorithm": ALGORITHM}
    signature = client.sign(**request)["Signature"]
    public = load_der_public_key(client.get_public_key(KeyId=key)["PublicKey"])
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(signature, MESSAGE, ec.ECDSA(hashes.SHA384()))
    assert client.verify(**request, Signature=signature)["SignatureValid"]
    other = bytes([message[0] ^ 1]) + message[1:]
    with pytest.raises(ClientError, match="KMSInvalidSignatureException"):
        client.verify(**{**request, "Message": other}, Signature=signature)


def test_a_digest_of_another_length_is_refused(aws: Emulated) -> None:
    """As by AWS: it can be none of this algorithm."""
    client = aws.client("kms")
    key = client.create_key(KeySpec="ECC_NIST_P384", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    with pytest.raises(ClientError, match="invalid length"):
        client.sign(KeyId=key, Message=DIGEST[:32], MessageType="DIGEST", SigningAlgorithm=ALGORITHM)
