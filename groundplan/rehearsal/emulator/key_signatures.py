"""Signatures of KMS as AWS makes them: over a digest where one is given, and a wrong one is an error."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto.core.exceptions import JsonRESTError
from moto.kms.responses import KmsResponse
from moto.kms.utils import ECDSAPrivateKey

from groundplan.rehearsal.emulator.patching import wrap

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "ECDSA_SHA_256": hashes.SHA256(),
    "ECDSA_SHA_384": hashes.SHA384(),
    "ECDSA_SHA_512": hashes.SHA512(),
}
_digest_given: ContextVar[bool] = ContextVar("digest_given", default=False)


def install() -> None:
    """Apply all; a second call changes nothing."""
    wrap(KmsResponse, "sign", _with_message_type)
    wrap(KmsResponse, "verify", _with_message_type)
    wrap(ECDSAPrivateKey, "sign", _sign)
    wrap(ECDSAPrivateKey, "verify", _verify)


def _with_message_type(original: Callable[..., Any], response: Any) -> Any:
    """Without this, moto signs the digest of the digest."""
    token = _digest_given.set(response._get_param("MessageType") == "DIGEST")  # noqa: SLF001 - moto's own way
    try:
        return original(response)
    finally:
        _digest_given.reset(token)


def _sign(original: Callable[..., Any], key: Any, message: bytes, signing_algorithm: str) -> bytes:
    if not _digest_given.get():
        return original(key, message, signing_algorithm)
    return key.private_key.sign(message, _of_digest(message, signing_algorithm))


def _verify(
    original: Callable[..., Any], key: Any, message: bytes, signature: bytes, signing_algorithm: str
) -> bool:
    if not _digest_given.get():
        valid = original(key, message, signature, signing_algorithm)
    else:
        valid = True
        try:
            key.private_key.public_key().verify(signature, message, _of_digest(message, signing_algorithm))
        except InvalidSignature:
            valid = False
    if not valid:
        raise JsonRESTError("KMSInvalidSignatureException", "")
    return valid


def _of_digest(message: bytes, signing_algorithm: str) -> ec.ECDSA:
    used = _HASHES[signing_algorithm]
    if len(message) != used.digest_size:
        raise JsonRESTError(
            "ValidationException", f"Digest is invalid length for algorithm {signing_algorithm}."
        )
    return ec.ECDSA(Prehashed(used))
