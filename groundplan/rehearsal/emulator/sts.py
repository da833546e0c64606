"""STS of the emulator: identities are proved by signatures and sessions are of roles that exist."""

from __future__ import annotations

import hmac
import warnings
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.core.exceptions import ServiceException
from moto.core.request import Request
from moto.core.responses import ActionResult
from moto.sts import urls as moto_urls
from moto.sts.models import STSBackend
from moto.sts.responses import TokenResponse

from groundplan.rehearsal.emulator.eks.account import Account

_CLOCK_SKEW = timedelta(minutes=5)
PRESIGNED_LIFETIME = timedelta(minutes=15)
"""How long STS honours a presigned request, whatever its `X-Amz-Expires`; `aws eks get-token` needs it."""


class InvalidClientTokenIdError(ServiceException):
    """The access key is unknown, or its session is over."""

    code = "InvalidClientTokenId"
    message = "The security token included in the request is invalid."


class SignatureDoesNotMatchError(ServiceException):
    """The signature of a presigned URL was not made with the secret of its access key, or is too old."""

    code = "SignatureDoesNotMatch"
    message = "The request signature we calculated does not match the signature you provided."


class AccessDeniedError(ServiceException):
    """The role does not exist or may not be assumed."""

    code = "AccessDenied"


class StsResponse(TokenResponse):
    """One request to STS."""

    def get_access_key(self) -> str:
        """The access key, from the header or from a presigned URL."""
        presigned = self.querystring.get("X-Amz-Credential")
        return presigned[0].split("/")[0] if presigned else super().get_access_key()

    def get_caller_identity(self) -> ActionResult:
        """GetCallerIdentity, with the signature checked if the request is a presigned URL."""
        secret, token = _secret_of(self.backend, self.access_key)
        if "X-Amz-Signature" in self.querystring:
            self._check_presigned(Credentials(self.access_key, secret, token))
        return super().get_caller_identity()

    def assume_role(self) -> ActionResult:
        """AssumeRole of a role that exists."""
        arn = self._get_param("RoleArn")
        if Account(self.current_account, self.region).role(arn) is None:
            raise AccessDeniedError(f"User is not authorized to perform: sts:AssumeRole on resource: {arn}")
        return super().assume_role()

    def _check_presigned(self, credentials: Credentials) -> None:
        query = {name: values[0] for name, values in self.querystring.items()}
        try:
            signed_at = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except (KeyError, ValueError):
            raise SignatureDoesNotMatchError from None
        if not -_CLOCK_SKEW < datetime.now(UTC) - signed_at < PRESIGNED_LIFETIME:
            raise SignatureDoesNotMatchError("Signature expired: the presigned URL is no longer valid")
        wanted = presigned_signature(self.normalized_request, query, credentials)
        if not hmac.compare_digest(wanted.encode(), query["X-Amz-Signature"].encode()):
            raise SignatureDoesNotMatchError


def presigned_signature(request: Request, query: dict[str, str], credentials: Credentials) -> str:
    """What the signature of a presigned request must be.

    Args:
        request: what arrived (headers, method, path).
        query: its query parameters.
        credentials: those of the access key that it claims.

    Raises:
        SignatureDoesNotMatchError: the query lacks what belongs to a signature.
    """
    try:
        names = query["X-Amz-SignedHeaders"].split(";")
        _, _, region, service, _ = query["X-Amz-Credential"].split("/")
        again = AWSRequest(
            method=request.method,
            url=f"http://{request.host}{request.path}",
            params={name: value for name, value in query.items() if name != "X-Amz-Signature"},
            headers={name: request.headers[name] for name in names},
        )
    except (KeyError, ValueError):
        raise SignatureDoesNotMatchError from None
    again.context["timestamp"] = query["X-Amz-Date"]
    signer = SigV4QueryAuth(credentials, service, region)
    return signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)


def _secret_of(backend: STSBackend, access_key_id: str) -> tuple[str, str | None]:
    """Secret and session token of an access key.

    Raises:
        InvalidClientTokenIdError: nobody has that key, or its session is over.
    """
    role = backend.get_assumed_role_from_access_key(access_key_id)
    if role is not None:
        if role.expiration.replace(tzinfo=UTC) < datetime.now(UTC):
            raise InvalidClientTokenIdError
        return role.secret_access_key, role.session_token
    iam = Account(backend.account_id, "us-east-1").iam
    for user in iam.users.values():
        for key in user.access_keys:
            if key.access_key_id == access_key_id and key.status == "Active":
                return key.secret_access_key, None
    raise InvalidClientTokenIdError


def install() -> None:
    """Let moto's server answer STS requests with these rules. Call it before the first request."""
    # These codes are common to all services, so STS' own model does not have them.
    warnings.filterwarnings("ignore", "Exception.* does not match an error shape in service models.*STS")
    paths: dict[str, Any] = moto_urls.url_paths  # moto infers a narrower type from its own handlers
    paths["{0}/$"] = StsResponse.dispatch
