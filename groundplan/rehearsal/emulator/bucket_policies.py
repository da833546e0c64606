"""Bucket policies as S3 evaluates them: with principals and conditions, against the request that came.

moto 5.2.5 looks at actions and resources only, so that a `Deny` with a condition refuses everything.
Requests about objects and lists of them are checked, those about a bucket's settings are not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from flask import has_request_context, request
from moto.iam.access_control import PermissionResult
from moto.s3.exceptions import S3AccessDeniedError
from moto.sts.models import sts_backends

from groundplan.rehearsal.emulator.eks.account import Account
from groundplan.rehearsal.emulator.policy_conditions import Context
from groundplan.rehearsal.emulator.policy_statements import Caller, evaluate
from groundplan.rehearsal.emulator.request_context import access_point_keys

_ACTIONS = {"s3:HeadObject": "s3:GetObject", "s3:PostObject": "s3:PutObject"}
"""moto names actions by the request's method; IAM has others for HEAD and for multipart uploads."""
_LIST_PARAMETERS = {
    "list-type",
    "prefix",
    "delimiter",
    "max-keys",
    "marker",
    "start-after",
    "continuation-token",
    "fetch-owner",
    "encoding-type",
    "versions",
    "key-marker",
    "version-id-marker",
}
_FROM_HEADERS = (
    "x-amz-acl",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-storage-class",
)
_OF_SERVICES_AND_NETWORKS = ("aws:SourceArn", "aws:SourceAccount", "aws:SourceVpc", "aws:SourceVpce")
"""Keys that no request has here: an AWS service or a VPC endpoint would put them in."""


def get_permission(original: Callable[..., Any], bucket: Any, action: str, resource: str) -> Any:
    """Amends `FakeBucket.get_permission`."""
    if bucket.policy is None or not has_request_context():
        return original(bucket, action, resource)
    caller = _caller(bucket.account_id)
    return evaluate(
        json.loads(bucket.policy),
        action=_ACTIONS.get(action, action),
        resource=resource,
        caller=caller,
        context=_context(caller),
    )


def name_refusal(original: Callable[..., Any], response: Any, *arguments: Any) -> Any:
    """Amends `S3Response._key_response`: a refusal has the error code in its body."""
    answer = original(response, *arguments)
    if answer == (403, {}, ""):
        raise S3AccessDeniedError
    return answer


def check_list(original: Callable[..., Any], response: Any, http_request: Any, full_url: str) -> Any:
    """Amends `S3Response._bucket_response`: whoever lists a bucket needs its permission."""
    bucket = response.backend.buckets.get(response.parse_bucket_name_from_url(http_request, full_url))
    lists = http_request.method in {"GET", "HEAD"} and not set(http_request.args) - _LIST_PARAMETERS
    if bucket is not None and lists:
        action = "s3:ListBucketVersions" if "versions" in http_request.args else "s3:ListBucket"
        if bucket.get_permission(action, bucket.arn) == PermissionResult.DENIED:
            raise S3AccessDeniedError
    return original(response, http_request, full_url)


def _context(caller: Caller) -> Context:
    environ = request.environ
    tls = re.fullmatch(r"TLSv([\d.]+)", environ.get("SSL_PROTOCOL", ""))
    context = {
        "aws:SecureTransport": str(request.is_secure).lower(),
        "s3:TlsVersion": tls[1] if tls else None,
        "aws:PrincipalArn": caller.arn,
        "aws:PrincipalAccount": caller.account_id,
        "aws:SourceIp": request.remote_addr,
        "aws:UserAgent": request.headers.get("User-Agent"),
        **{f"s3:{name}": request.headers.get(name) for name in _FROM_HEADERS},
        **{f"s3:{name}": request.args.get(name) for name in ("prefix", "delimiter", "max-keys")},
        **dict.fromkeys(_OF_SERVICES_AND_NETWORKS),
        **access_point_keys(environ),
    }
    return {key.lower(): value for key, value in context.items()}


def _caller(account_id: str) -> Caller:
    """The caller by its access key, in the header or in the query of a presigned URL."""
    signed = re.search(r"Credential=([^/]+)/", request.headers.get("Authorization", ""))
    access_key = signed[1] if signed else request.args.get("X-Amz-Credential", "").partition("/")[0]
    session = sts_backends[account_id]["aws"].get_assumed_role_from_access_key(access_key)
    if session is not None:
        return Caller(session.role_arn, session.arn, session.account_id)
    for user in Account(account_id, "us-east-1").iam.users.values():
        if any(key.access_key_id == access_key and key.status == "Active" for key in user.access_keys):
            return Caller(user.arn, None, account_id)
    return Caller()
