"""Clients of AWS, and what their errors mean."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ParamValidationError

DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "403", "ExpiredToken", "ExpiredTokenException"}
    | {"InvalidAccessKeyId", "SignatureDoesNotMatch"}
    | {"IncompleteSignature", "InvalidSignatureException", "MissingAuthenticationTokenException"}
    | {"UnrecognizedClientException"}
)
_SLOW_DOWN = frozenset(
    {"SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "Throttling", "ThrottlingException"}
)
_SERVER_FAULT = 500


def client(service: str, *, region: str | None = None, s3: Any = None) -> Any:
    """Return a client that gives up within seconds.

    Args:
        service: of AWS, or of whatever `AWS_ENDPOINT_URL` names.
        region: if it is not that of the environment.
        s3: options of S3.
    """
    retries: Any = {"mode": "standard", "total_max_attempts": 3}
    config = Config(connect_timeout=5, read_timeout=30, retries=retries, s3=s3)
    return boto3.session.Session().client(service, region_name=region, config=config)


def code(error: Exception) -> str:
    """Return the code of an answer of AWS, or an empty string."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def denied(error: Exception) -> bool:
    """Tell whether this identity may not do it, or there is none."""
    return code(error) in DENIED or isinstance(error, NoCredentialsError)


def transient(error: Exception) -> bool:
    """Tell whether the same call may succeed later."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= _SERVER_FAULT or code(error) in _SLOW_DOWN
    return isinstance(error, BotoCoreError) and not isinstance(
        error, (ParamValidationError, NoCredentialsError)
    )
