"""The condition keys of a request, of any service."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from moto.core.request import Request

from groundplan.rehearsal.emulator import access_points
from groundplan.rehearsal.emulator.calls import Call

_FAMILIES = ("aws:principaltag/", "aws:requesttag/", "aws:resourcetag/", "ecr:resourcetag/")
_NEVER_HERE = (
    "aws:multifactorauthpresent",
    "aws:multifactorauthage",
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "kms:grantisforawsresource",
    "kms:viaservice",
    "sts:sourceidentity",
)
"""Known keys that a request lacks unless it says otherwise."""
_S3_HEADERS = (
    "x-amz-acl",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-storage-class",
)
_S3_ARGUMENTS = ("delimiter", "max-keys", "prefix")


class RequestContext(dict[str, str | None]):
    """Condition keys in lower case. Keys of tags are all known, whichever tag they name."""

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or (isinstance(key, str) and key.startswith(_FAMILIES))

    def __missing__(self, key: str) -> None:
        if not key.startswith(_FAMILIES):
            raise KeyError(key)


def unasked_keys() -> dict[str, str | None]:
    """Known keys, as far as nothing is said of them."""
    return dict.fromkeys(_NEVER_HERE)


def context_of(call: Call, identity: Mapping[str, str | None]) -> RequestContext:
    """The keys of one call.

    Args:
        call: the call.
        identity: keys about its caller.
    """
    request = call.request
    keys = unasked_keys()
    keys |= connection_keys(request)
    keys |= identity
    keys["aws:requestedregion"] = call.region
    keys["kms:calleraccount"] = identity.get("aws:principalaccount")
    keys |= {f"aws:requesttag/{name.lower()}": value for name, value in request_tags(call.parameters)}
    if call.model == "s3":
        keys |= {f"s3:{name}": request.headers.get(name) for name in _S3_HEADERS}
        keys |= {f"s3:{name}": request.args.get(name) for name in _S3_ARGUMENTS}
        keys |= access_point_keys(request.environ)
    return RequestContext(keys)


def connection_keys(request: Request) -> dict[str, str | None]:
    """Keys about the connection."""
    tls = re.fullmatch(r"TLSv([\d.]+)", request.environ.get("SSL_PROTOCOL", ""))
    return {
        "aws:securetransport": str(request.is_secure).lower(),
        "aws:sourceip": request.remote_addr,
        "aws:useragent": request.headers.get("User-Agent"),
        "aws:viaawsservice": "false",
        "s3:tlsversion": tls[1] if tls else None,
    }


def access_point_keys(environ: Mapping[str, Any]) -> dict[str, str | None]:
    """Keys about the access point that a request to S3 came through, if it came through one."""
    arn: str | None = environ.get(access_points.USED)
    return {
        "s3:dataaccesspointarn": arn,
        "s3:dataaccesspointaccount": arn.split(":")[4] if arn else None,
    }


def request_tags(parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Tags among the parameters: a mapping, or a list of keys and values."""
    tags = parameters.get("Tags") or parameters.get("tags") or {}
    if isinstance(tags, dict):
        yield from tags.items()
        return
    for tag in tags:
        name = tag.get("Key") or tag.get("key")
        if name:
            yield name, str(tag.get("Value") or tag.get("value") or "")
