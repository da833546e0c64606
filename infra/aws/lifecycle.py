"""Life-cycle rules of buckets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi_aws.s3 import BucketLifecycleConfigurationRuleArgsDict as Rule

_UNFINISHED_UPLOAD_DAYS = 7


def expire_noncurrent(days: int) -> Rule:
    """Remove replaced and deleted versions after `days`, then the deletion's mark; and unfinished uploads."""
    return {
        "id": "expire-noncurrent",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "noncurrent_version_expiration": {"noncurrent_days": days},
        "expiration": {"expired_object_delete_marker": True},
        "abort_incomplete_multipart_upload": {"days_after_initiation": _UNFINISHED_UPLOAD_DAYS},
    }


def expire_after(days: int) -> Rule:
    """Delete objects `days` after they were written."""
    return {
        "id": "expire-current",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "expiration": {"days": days},
    }


def move_to_tiers(transitions: Sequence[tuple[int, str]]) -> list[Rule]:
    """Move objects to other storage classes, each given with the days since they were written; maybe no rule.

    S3 leaves objects below 128 KiB where they are: they would cost more there.
    """
    if not transitions:
        return []
    return [
        {
            "id": "move-to-tiers",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "transitions": [{"days": days, "storage_class": name} for days, name in transitions],
        }
    ]
