"""What a request asks for: service, operation and parameters, read with botocore's service models."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import NotFound, get_service_router
from moto.core.utils import get_service_model

_MODEL_OF_SCOPE = {
    "access-analyzer": "accessanalyzer",
    "aps": "amp",
    "elasticloadbalancing": "elbv2",
    "email": "ses",
    "monitoring": "cloudwatch",
    "servicequotas": "service-quotas",
    "tagging": "resourcegroupstaggingapi",
}
"""Service in the scope of a signature -> botocore's name of it, where they differ."""


class UnknownCallError(Exception):
    """A request that is no operation of the service whose name it is signed with."""


@dataclass(frozen=True)
class Call:
    """One request.

    Args:
        access_key: who signed it.
        scope: the service as signatures name it, e.g. `monitoring`.
        model: the service as botocore names it, e.g. `cloudwatch`.
        region: the region that it is signed for.
        operation: e.g. `ListObjectsV2`.
        protocol: how it is written, and so how an error has to be.
        request: headers, query and method.
        parameters: parsed by the model; of S3 those in the path only, for bodies hold data.
    """

    access_key: str
    scope: str
    model: str
    region: str
    operation: str
    protocol: str
    request: Request
    parameters: Mapping[str, Any] = field(default_factory=dict)


def credential(environ: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Access key, region and service of a signature, in the header or in the query of a presigned URL."""
    request = Request(dict(environ), populate_request=False)
    signed = re.search(r"Credential=([^,\s]+)", request.headers.get("Authorization", ""))
    parts = (signed[1] if signed else request.args.get("X-Amz-Credential", "")).split("/")
    return (parts[0], parts[2], parts[3]) if len(parts) == 5 else None  # noqa: PLR2004 - key/date/region/service/aws4_request


def read(environ: Mapping[str, Any]) -> Call:
    """Read a signed request; its body can be read again afterwards.

    Raises:
        UnknownCallError: it is not signed, or no operation of its service.
    """
    signed = credential(environ)
    if signed is None:
        raise UnknownCallError("a request without a signature")
    access_key, region, scope = signed
    body = environ["wsgi.input"]
    copied = dict(environ) | {"wsgi.input": io.BytesIO(body.read())}
    body.seek(0)
    request = Request(copied, populate_request=False)
    model = model_of(scope, request.path)
    try:
        _write_target_out(copied, model)
        operation, uri_parameters = get_service_router(model).match(request)
        protocol = determine_request_protocol(get_service_model(model), request.content_type)
    except (NotFound, NotImplementedError, UnknownServiceError) as error:
        raise UnknownCallError(f"{request.method} {request.path} of {scope}") from error
    parameters = uri_parameters if model == "s3" else _parsed(request, protocol, operation, uri_parameters)
    return Call(access_key, scope, model, region, str(operation.name), protocol, request, parameters)


def _write_target_out(environ: dict[str, Any], model: str) -> None:
    """Some SDKs leave the first words of a target out, such as Go's for CloudTrail."""
    prefix = get_service_model(model).metadata.get("targetPrefix")
    target = environ.get("HTTP_X_AMZ_TARGET")
    if prefix and target:
        environ["HTTP_X_AMZ_TARGET"] = f"{prefix}.{target.rpartition('.')[2]}"


def model_of(scope: str, path: str) -> str:
    """The service as botocore names it, from the scope of a signature and the path of the request."""
    if scope == "s3" and path.startswith("/v20180820/"):
        return "s3control"
    return _MODEL_OF_SCOPE.get(scope, scope)


def _parsed(request: Request, protocol: str, operation: Any, uri_parameters: Any) -> dict[str, Any]:
    parser = PROTOCOL_PARSERS[protocol](operation, map_type=dict)
    return parser.parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": uri_parameters,
        }
    )
