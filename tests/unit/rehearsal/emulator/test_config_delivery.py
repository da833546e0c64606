"""Where AWS Config delivers to."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, REGION, Emulated

WHERE = {"LocationConstraint": REGION}
LOCK = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}


def test_a_locked_bucket_is_refused(aws: Emulated) -> None:
    """Config supports none whose objects are locked as they arrive; a plain one it takes."""
    config, s3 = aws.client("config"), aws.client("s3")
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/recorder"
    config.put_configuration_recorder(ConfigurationRecorder={"name": "one", "roleARN": role})
    s3.create_bucket(Bucket="locked", CreateBucketConfiguration=WHERE, ObjectLockEnabledForBucket=True)
    s3.put_object_lock_configuration(Bucket="locked", ObjectLockConfiguration=LOCK)
    s3.create_bucket(Bucket="plain", CreateBucketConfiguration=WHERE)
    try:
        with pytest.raises(ClientError, match="InsufficientDeliveryPolicy"):
            config.put_delivery_channel(DeliveryChannel={"name": "one", "s3BucketName": "locked"})
        config.put_delivery_channel(DeliveryChannel={"name": "one", "s3BucketName": "plain"})
        config.delete_delivery_channel(DeliveryChannelName="one")
    finally:
        config.delete_configuration_recorder(ConfigurationRecorderName="one")
        for bucket in ("locked", "plain"):
            s3.delete_bucket(Bucket=bucket)
