"""Signatures of model versions: who trains vouches for one, and who serves asks whether it did.

The private key stays in KMS. The role of training may sign with it, that of inference may verify, and neither
may do both: the right to write to the bucket is not the right to say what is served.
"""

from __future__ import annotations

from typing import Annotated, Literal, Protocol

from pydantic import Base64Bytes, BaseModel, ConfigDict, StringConstraints

ALGORITHM = "ECDSA_SHA_384"
FORMAT_VERSION = "1"
NOBODY = "none"
_ARN = r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+"
KeyArnOrNobody = Annotated[str, StringConstraints(pattern=f"^({NOBODY}|{_ARN})$")]
"""Where signatures are asked for, to do without is said aloud: a variable that is lost opens nothing."""


class Signature(BaseModel):
    """A signature beside what is signed.

    `key` is for people: whoever verifies takes the key that it was told, and not this one.
    """

    model_config = ConfigDict(frozen=True)

    format_version: Literal["1"]
    key: str
    algorithm: Literal["ECDSA_SHA_384"]
    value: Base64Bytes


class Signer(Protocol):
    """Who signs and verifies."""

    arn: str

    def sign(self, message: bytes) -> Signature:
        """Sign."""
        ...

    def verify(self, message: bytes, signature: Signature) -> bool:
        """Tell whether the signature is of this key and of this message."""
        ...


def open_signer(key: str | None) -> Signer | None:
    """Return what signs and verifies with the KMS key of this ARN; None without one, or with `NOBODY`."""
    if key in (None, NOBODY):
        return None
    from groundplan_common.kms import KmsKey  # noqa: PLC0415 - the edge tier runs without boto3

    return KmsKey(key)
