"""What the lake's own bucket policies let through, and what they refuse."""

from __future__ import annotations

import json
import logging
from collections.abc import Generator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from groundplan.rehearsal.emulator.answer_record import AnswerRecord
from groundplan.rehearsal.emulator.api import ApiServer
from groundplan.rehearsal.emulator.deployer_record import DeployerRecord
from groundplan.rehearsal.world import DEPLOYER
from infra.aws.bucket_policies import this_key_only, tls_only
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, LOCAL, REGION, Emulated

BUCKET = "lake"
ARN = f"arn:aws:s3:::{BUCKET}"
EVERYONE: dict[str, Any] = {"AWS": "*"}


@pytest.fixture(scope="module")
def key(aws: Emulated) -> str:
    """ARN of the key that the bucket demands."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return aws.client("kms").create_key()["KeyMetadata"]["Arn"]


@pytest.fixture
def https(aws: Emulated, key: str) -> Any:
    """S3 over HTTPS; the bucket has the policy of the lake's buckets."""
    s3 = aws.client("s3")
    set_policy(s3, *tls_only(ARN), *this_key_only(ARN, key))
    return s3


@pytest.fixture(scope="module")
def plain(aws: Emulated, tmp_path_factory: pytest.TempPathFactory) -> Generator[Any]:
    """S3 of the same account over plain HTTP, which the rehearsal's emulator does not offer."""
    folder = tmp_path_factory.mktemp("plain")
    server = ApiServer(
        address=str(LOCAL),
        port=0,
        store=aws.emulator.store,
        tls=None,
        records={DEPLOYER: DeployerRecord(folder / "record")},
        answers=AnswerRecord(folder / "answers"),
    )
    server.start()
    yield aws.client("s3", endpoint_url=server.local_url)
    server.stop()


def set_policy(s3: Any, *statements: Any) -> None:
    """Give the bucket a policy."""
    policy = {"Version": "2012-10-17", "Statement": statements}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))


def put(s3: Any, **request: Any) -> str:
    """Put an object; returns `ok` or the error's code."""
    try:
        s3.put_object(Bucket=BUCKET, Key="a/b", Body=b"data", **request)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "ok"


def test_plain_http_is_refused(https: Any, plain: Any) -> None:
    """The same request is refused without TLS and answered with it."""
    assert put(plain) == "AccessDenied"
    assert put(https) == "ok"
    with pytest.raises(ClientError, match="AccessDenied"):
        plain.get_object(Bucket=BUCKET, Key="a/b")
    assert https.get_object(Bucket=BUCKET, Key="a/b")["Body"].read() == b"data"
    refused = plain.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "a/b"}]})
    assert [error["Code"] for error in refused["Errors"]] == ["AccessDenied"]
    assert https.head_object(Bucket=BUCKET, Key="a/b")["ContentLength"] == len(b"data")


def test_lists_need_tls_as_well(https: Any, plain: Any) -> None:
    """Keys, versions and the bucket's existence are told over TLS only."""
    for ask in ("list_objects_v2", "list_object_versions"):
        with pytest.raises(ClientError, match="AccessDenied"):
            getattr(plain, ask)(Bucket=BUCKET, Prefix="a/")
        assert getattr(https, ask)(Bucket=BUCKET, Prefix="a/")["Name"] == BUCKET
    with pytest.raises(ClientError, match="403"):
        plain.head_bucket(Bucket=BUCKET)
    assert https.head_bucket(Bucket=BUCKET)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_only_the_buckets_own_key_is_accepted(https: Any, key: str) -> None:
    """Another key or another encryption is refused; asking for none leaves it to the bucket's default."""
    assert put(https, ServerSideEncryption="aws:kms", SSEKMSKeyId=key) == "ok"
    assert put(https, ServerSideEncryption="aws:kms", SSEKMSKeyId=f"{key}0") == "AccessDenied"
    assert put(https, ServerSideEncryption="AES256") == "AccessDenied"


def test_multipart_uploads_are_puts(https: Any, plain: Any) -> None:
    """A multipart upload cannot begin with another encryption, and not without TLS."""
    for s3, request in ((https, {"ServerSideEncryption": "AES256"}), (plain, {})):
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.create_multipart_upload(Bucket=BUCKET, Key="parts", **request)
    assert https.create_multipart_upload(Bucket=BUCKET, Key="parts")["UploadId"]


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", "AccessDenied"),
        (EVERYONE, "AccessDenied"),
        ({"AWS": [f"arn:aws:iam::{ACCOUNT_ID}:role/pod"]}, "AccessDenied"),
        ({"AWS": f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/pod/someone"}, "AccessDenied"),
        ({"AWS": ACCOUNT_ID}, "AccessDenied"),
        ({"AWS": f"arn:aws:iam::{ACCOUNT_ID}:role/node"}, "ok"),
        ({"AWS": "210987654321"}, "ok"),
        ({"Service": "logging.s3.amazonaws.com"}, "ok"),
    ],
)
def test_a_statement_is_about_its_principal(aws: Emulated, https: Any, principal: Any, expected: str) -> None:
    """A session is denied by its own ARN, its role, its account and everyone, and by nobody else's."""
    denial = {"Effect": "Deny", "Principal": principal, "Action": "s3:Put*", "Resource": f"{ARN}/a/*"}
    set_policy(https, denial)
    permission = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"{ARN}/*"}
    policy = {"Version": "2012-10-17", "Statement": [permission]}
    aws.client("iam").put_role_policy(RoleName="pod", PolicyName="put", PolicyDocument=json.dumps(policy))
    pod = aws.session_of(f"arn:aws:iam::{ACCOUNT_ID}:role/pod")
    assert put(aws.client("s3", pod)) == expected


@pytest.mark.parametrize(
    "condition",
    [
        {"DateLessThan": {"aws:SourceIp": "2000-01-01"}},
        {"StringEquals": {"aws:NoSuchKey": "x"}},
        {"StringLike": {"aws:PrincipalArn": "${aws:username}"}},
        {"Bool": {"aws:SecureTransport": "false"}, "NoSuch": {"aws:SourceIp": "x"}},
    ],
)
def test_what_is_not_understood_denies(https: Any, condition: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A `Deny` with an unknown operator, key or variable applies, and the log names statement and reason."""
    denial = {"Sid": "Odd", "Effect": "Deny", "Principal": EVERYONE, "Action": "s3:*", "Resource": f"{ARN}/*"}
    set_policy(https, denial | {"Condition": condition})
    with caplog.at_level(logging.ERROR):
        assert put(https) == "AccessDenied"
    assert "statement Odd: the emulator lacks" in caplog.text
