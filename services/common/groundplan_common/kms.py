"""Keys of KMS that sign."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from groundplan_common import aws
from groundplan_common.errors import AccessError, ServiceError
from groundplan_common.retry import retry
from groundplan_common.signatures import ALGORITHM, FORMAT_VERSION, Signature

T = TypeVar("T")


class KmsKey:
    """An asymmetric key of KMS for signatures, on the curve P-384.

    Args:
        arn: of the key.
    """

    def __init__(self, arn: str, client: Any = None) -> None:
        self.arn = arn
        self._client = client or aws.client("kms", region=arn.split(":")[3])

    def sign(self, message: bytes) -> Signature:
        """Sign.

        Raises:
            AccessError: this identity may not sign with the key.
        """
        answer = self._call("sign with", lambda: self._client.sign(**self._about(message)))
        return Signature.model_construct(
            format_version=FORMAT_VERSION, key=self.arn, algorithm=ALGORITHM, value=answer["Signature"]
        )

    def verify(self, message: bytes, signature: Signature) -> bool:
        """See the protocol.

        Raises:
            AccessError: this identity may not verify with the key.
        """
        request = {**self._about(message), "Signature": signature.value}

        def ask() -> bool:
            try:
                return bool(self._client.verify(**request)["SignatureValid"])
            except self._client.exceptions.KMSInvalidSignatureException:
                return False

        return self._call("verify with", ask)

    def _about(self, message: bytes) -> Mapping[str, Any]:
        return {
            "KeyId": self.arn,
            "Message": hashlib.sha384(message).digest(),  # KMS takes 4 KiB, and a digest of anything
            "MessageType": "DIGEST",
            "SigningAlgorithm": ALGORITHM,
        }

    def _call(self, doing: str, action: Callable[[], T]) -> T:
        try:
            return retry(action, transient=aws.transient, what=f"{doing} {self.arn}")
        except (ClientError, BotoCoreError, OSError) as error:
            if aws.denied(error):
                raise AccessError(
                    f"This identity may not {doing} {self.arn} ({error}).",
                    hint="Check the pod identity's role and policy.",
                ) from error
            raise ServiceError(
                f"Could not {doing} {self.arn} ({error}).",
                hint="Check MODEL_SIGNING_KEY, and that the key is enabled.",
            ) from error
