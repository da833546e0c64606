"""Access points as the AWS provider reads them, and as clients use them."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.unit.rehearsal.emulator.checked import left
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, REGION, Emulated

ARN = f"arn:aws:s3:{REGION}:{ACCOUNT_ID}:accesspoint/door"
NAMED = {"AccountId": ACCOUNT_ID, "Name": "door"}


def test_life_of_an_access_point(aws: Emulated) -> None:
    """Created for a bucket that is there, in the bucket's region; used by its alias; deleted."""
    s3, control = aws.client("s3"), aws.client("s3control")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        control.create_access_point(**NAMED, Bucket="lake")
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": REGION})
    made = control.create_access_point(**NAMED, Bucket="lake")
    assert made["AccessPointArn"] == control.get_access_point(**NAMED)["AccessPointArn"] == ARN
    s3.put_object(Bucket=made["Alias"], Key="a b/c+d", Body=b"data")
    assert s3.get_object(Bucket="lake", Key="a b/c+d")["Body"].read() == b"data"
    assert [found["Key"] for found in s3.list_objects_v2(Bucket=made["Alias"])["Contents"]] == ["a b/c+d"]
    assert left(aws, "s3control") == ["AccessPoints/door"]
    control.delete_access_point(**NAMED)
    assert left(aws, "s3control") == []
    s3.delete_object(Bucket="lake", Key="a b/c+d")
    s3.delete_bucket(Bucket="lake")


@pytest.mark.parametrize(
    ("principal", "condition", "public"),
    [
        ({"AWS": ACCOUNT_ID}, {}, False),
        ({"AWS": "*"}, {}, True),
        ({"AWS": "*"}, {"Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT_ID}}}, False),
    ],
)
def test_a_policy_is_public_where_everybody_is_let_in(
    aws: Emulated, principal: dict[str, str], condition: dict[str, object], public: bool
) -> None:
    """The AWS provider reads it after each change."""
    control, bucket = aws.client("s3control"), f"bucket-{public}-{len(condition)}".lower()
    aws.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    control.create_access_point(**NAMED, Bucket=bucket)
    statement = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "s3:GetObject",
        "Resource": f"{ARN}/object/*",
    }
    control.put_access_point_policy(**NAMED, Policy=json.dumps({"Statement": [statement | condition]}))
    assert control.get_access_point_policy_status(**NAMED)["PolicyStatus"] == {"IsPublic": public}
    control.delete_access_point(**NAMED)
    aws.client("s3").delete_bucket(Bucket=bucket)
