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
from moto.iam.models import Role
from moto.sts import urls as moto_urls
from moto.sts.models import AssumedRole, STSBackend
from moto.sts.responses import TokenResponse

from groundplan.rehearsal.emulator import sessions, trust
from groundplan.rehearsal.emulator.eks.account import Account
from groundplan.rehearsal.emulator.request_context import RequestContext, connection_keys

_DEFAULT_SESSION_S = 3600
_CHAINED_SESSION_S = 3600
"""Longest session of a role that a session of another role took:
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining"""
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


class InvalidIdentityTokenError(ServiceException):
    """The token is not valid, or of an issuer or audience that the account does not know."""

    code = "InvalidIdentityToken"


class ValidationError(ServiceException):
    """A parameter is out of its bounds."""

    code = "ValidationError"


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
        """AssumeRole of a role that exists and, unless the deployer asks, trusts the caller."""
        role = self._role("sts:AssumeRole")
        tags = {tag["Key"]: tag.get("Value", "") for tag in self._get_param("Tags") or []}
        source_identity = self._get_param("SourceIdentity")
        session = sessions.find(self.current_account, self.access_key)
        if session is not None and self._get_int_param("DurationSeconds", 0) > _CHAINED_SESSION_S:
            raise ValidationError(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role "
                "chaining"
            )
        if session is not None and not sessions.is_deployer(session):
            self._check_trust(role, session, tags, source_identity)
        result = super().assume_role()
        new: Any = result.result
        sessions.remember(new["Credentials"], sessions.SessionFacts(tags, source_identity))
        if source_identity:
            new["SourceIdentity"] = source_identity
        return result

    def assume_role_with_web_identity(self) -> ActionResult:
        """AssumeRoleWithWebIdentity: the account knows the issuer, the role trusts audience and subject."""
        action = "sts:AssumeRoleWithWebIdentity"
        role = self._role(action)
        try:
            claims = trust.token_claims(self._get_param("WebIdentityToken") or "")
            caller, context = trust.provider_caller(claims, Account(self.current_account, self.region))
        except trust.TokenRefusedError as refused:
            raise InvalidIdentityTokenError(str(refused)) from None
        if not trust.trusted(role, (action,), caller, context):
            raise AccessDeniedError(f"Not authorized to perform {action}")
        return super().assume_role_with_web_identity()

    def _role(self, action: str) -> Role:
        """The role that is asked for, if it exists and lasts as long as is asked."""
        arn = self._get_param("RoleArn")
        role = Account(self.current_account, self.region).role(arn)
        if role is None:
            raise AccessDeniedError(f"User is not authorized to perform: {action} on resource: {arn}")
        longest = int(role.max_session_duration or _DEFAULT_SESSION_S)
        if self._get_int_param("DurationSeconds", 0) > longest:
            raise ValidationError(
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            )
        return role

    def _check_trust(
        self, role: Role, session: AssumedRole, tags: dict[str, str], source_identity: str | None
    ) -> None:
        keys = {
            **connection_keys(self.normalized_request),
            **sessions.identity_keys(session, Account(self.current_account, self.region)),
            **trust.NO_FACTOR,
            **{f"aws:requesttag/{name.lower()}": value for name, value in tags.items()},
            "sts:externalid": self._get_param("ExternalId"),
            "sts:sourceidentity": source_identity,
            "sts:rolesessionname": self._get_param("RoleSessionName"),
        }
        asked = {"sts:AssumeRole": True, "sts:TagSession": tags, "sts:SetSourceIdentity": source_identity}
        actions = tuple(action for action, wanted in asked.items() if wanted)
        if not trust.trusted(role, actions, sessions.caller_of(session), RequestContext(keys)):
            raise AccessDeniedError(
                f"User: {session.arn} is not authorized to perform: sts:AssumeRole on resource: {role.arn}"
            )

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
