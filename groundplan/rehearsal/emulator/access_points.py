"""Access points of S3 as moto 5.2.5 leaves them open: their ARN, their policy, and calls by their alias."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.s3.exceptions import MissingBucket
from moto.s3.models import s3_backends
from moto.s3control.models import AccessPoint, S3ControlBackend, s3control_backends
from moto.s3control.responses import S3ControlResponse

from groundplan.rehearsal.emulator.patching import wrap
from groundplan.rehearsal.emulator.policy_conditions import as_list

USED = "groundplan.access_point"
"""Key of the ARN of the access point that a request came through, in the request's environment."""
_ALIAS_END = "-s3alias"


def install() -> None:
    """Apply all amendments; a second call changes nothing."""
    wrap(S3ControlBackend, "create_access_point", _create_for_a_bucket)
    wrap(S3ControlResponse, "get_access_point_policy_status", _tell_status)


def _create_for_a_bucket(original: Callable[..., Any], backend: Any, account_id: str, **asked: Any) -> Any:
    """The bucket must be there; its region is part of the access point's ARN."""
    bucket = s3_backends[account_id]["aws"].buckets.get(asked["bucket"])
    if bucket is None:
        raise MissingBucket(bucket=asked["bucket"])
    point = original(backend, account_id, **asked)
    point.arn = f"arn:aws:s3:{bucket.region_name}:{account_id}:accesspoint/{asked['name']}"
    return point


def _tell_status(original: Callable[..., Any], response: Any) -> ActionResult:
    """Public is a policy that allows something to everybody without a condition."""
    original(response)  # fails where there is no policy
    point = response.backend.get_access_point(response._get_param("AccountId"), response._get_param("Name"))  # noqa: SLF001 - how moto's responses read parameters
    is_public = any(
        statement["Effect"] == "Allow"
        and statement.get("Principal") in ("*", {"AWS": "*"})
        and not statement.get("Condition")
        for statement in as_list(json.loads(point.policy)["Statement"])
    )
    return ActionResult({"PolicyStatus": {"IsPublic": is_public}})


def enter(environ: dict[str, Any], account_id: str) -> None:
    """Let a request that names an access point's alias in the place of a bucket go on to the bucket."""
    name = environ.get("PATH_INFO", "").lstrip("/").partition("/")[0]
    if not name.endswith(_ALIAS_END):
        return
    for point in _points(account_id).values():
        if point.alias == name:
            for place in ("PATH_INFO", "RAW_URI", "REQUEST_URI"):
                environ[place] = environ.get(place, "").replace(f"/{name}", f"/{point.bucket}", 1)
            environ[USED] = point.arn


def policy(arn: str, account_id: str) -> str | None:
    """The policy of the access point that an ARN, perhaps of an object, is about; None if it has none."""
    point = _points(account_id).get(arn.partition(":accesspoint/")[2].partition("/")[0])
    return point.policy if point else None


def _points(account_id: str) -> dict[str, AccessPoint]:
    return s3control_backends[account_id]["aws"].access_points[account_id]
