"""Trust policies: who may take a role, with which second factor, name, tags or token."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Mapping
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.iam.models import Role

from groundplan.rehearsal.emulator.eks.account import Account
from groundplan.rehearsal.emulator.policy_conditions import Context
from groundplan.rehearsal.emulator.policy_statements import Caller, evaluate
from groundplan.rehearsal.emulator.request_context import RequestContext

NO_FACTOR = {"aws:multifactorauthpresent": None, "aws:multifactorauthage": None}
"""Condition keys of the second factor of a session of a role: AWS leaves them out, whatever device and code
are sent along, so that only `Bool...IfExists` would let it pass.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
"""


def trusted(role: Role, actions: tuple[str, ...], caller: Caller, context: Context) -> bool:
    """Whether a role's trust policy lets a caller do all of these actions."""
    policy = json.loads(role.assume_role_policy_document)
    return all(
        evaluate(policy, action=action, resource=None, caller=caller, context=context)
        == PermissionResult.PERMITTED
        for action in actions
    )


class TokenRefusedError(Exception):
    """A token of an identity provider that lets nobody in; the message says why and holds nothing of it."""


def token_claims(token: str) -> dict[str, Any]:
    """The claims of a JSON web token that is not over. Its signature is not checked: no issuer is here.

    Raises:
        TokenRefusedError: it is no token, or over.
    """
    parts = token.split(".")
    try:
        payload = parts[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, binascii.Error):
        raise TokenRefusedError("The ID Token provided is not a valid JWT.") from None
    if not isinstance(claims, dict) or float(claims.get("exp", 0)) < time.time():
        raise TokenRefusedError("Token is expired.")
    return claims


def provider_caller(claims: Mapping[str, Any], account: Account) -> tuple[Caller, RequestContext]:
    """The identity provider that vouches for a token, and the condition keys of its claims.

    Raises:
        TokenRefusedError: the account has no provider of this issuer, or it knows no such audience.
    """
    issuer = str(claims.get("iss", "")).removeprefix("https://")
    arn = f"arn:aws:iam::{account.account_id}:oidc-provider/{issuer}"
    provider = account.iam.open_id_providers.get(arn)
    if provider is None:
        raise TokenRefusedError(f"No OpenIDConnect provider found in your account for {claims.get('iss')}")
    if claims.get("aud") not in provider.client_id_list:
        raise TokenRefusedError("Incorrect token audience")
    keys = {f"{issuer}:{name}".lower(): str(claims[name]) for name in ("aud", "sub") if name in claims}
    return Caller(provider_arn=arn), RequestContext({f"{issuer}:aud": None, f"{issuer}:sub": None} | keys)
