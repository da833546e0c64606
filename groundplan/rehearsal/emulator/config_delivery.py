"""Where AWS Config delivers to: what it refuses and moto 5.2.5 takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.config.models import ConfigBackend
from moto.core.exceptions import JsonRESTError
from moto.s3.models import s3_backends

from groundplan.rehearsal.emulator.patching import wrap


def install() -> None:
    """Apply all; a second call changes nothing."""
    wrap(ConfigBackend, "put_delivery_channel", _refuse_locked, only_refuses=True)


def _refuse_locked(original: Callable[..., Any], backend: Any, delivery_channel: dict[str, Any]) -> Any:
    """Refuse a bucket whose objects are locked as they arrive.

    https://docs.aws.amazon.com/config/latest/developerguide/manage-delivery-channel.html
    """
    name = delivery_channel.get("s3BucketName", "")
    bucket = s3_backends[backend.account_id][backend.partition].buckets.get(name)
    if bucket is not None and bucket.has_default_lock:
        raise JsonRESTError(
            "InsufficientDeliveryPolicyException",
            f"Insufficient delivery policy to s3 bucket: {name}, unable to write to bucket: Config delivers "
            "into no bucket that has object lock with a default retention.",
        )
    return original(backend, delivery_channel)
