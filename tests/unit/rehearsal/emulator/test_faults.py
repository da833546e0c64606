"""Faults meet the provider's calls alone, look like AWS' own, and are off without a file."""

from __future__ import annotations

from collections.abc import Generator
from http import HTTPStatus
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError

from groundplan.rehearsal.emulator import deployer
from groundplan.rehearsal.emulator.faults import Faults, faults_file, write

from .emulated import REGION, Emulated


def _provider(aws: Emulated, service: str) -> Any:
    """A client that says it is the provider, and that does not repeat calls."""
    config = Config(user_agent="terraform-provider-aws/6", retries={"total_max_attempts": 1})
    return boto3.client(
        service,
        region_name=REGION,
        aws_access_key_id=aws.credentials["AccessKeyId"],
        aws_secret_access_key=aws.credentials["SecretAccessKey"],
        aws_session_token=aws.credentials["SessionToken"],
        endpoint_url=aws.emulator.api.local_url,
        verify=str(aws.emulator.world.certificate_authority),
        config=config,
    )


@pytest.fixture
def faulty(aws: Emulated) -> Generator[Emulated]:
    """The account; faults end with the test."""
    yield aws
    write(faults_file(aws.emulator.world), None)


def _set(aws: Emulated, **faults: Any) -> None:
    write(faults_file(aws.emulator.world), Faults(**faults))


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("ec2", "describe_vpcs", "RequestLimitExceeded"),
        ("iam", "list_roles", "Throttling"),
        ("s3", "list_buckets", "SlowDown"),
        ("kms", "list_keys", "ThrottlingException"),
        ("eks", "list_clusters", "ThrottlingException"),
    ],
)
def test_throttling_speaks_each_services_language(
    faulty: Emulated, service: str, operation: str, code: str
) -> None:
    """SDKs know the codes, and wait."""
    _set(faulty, throttled=1.0)
    with pytest.raises(ClientError) as caught:
        getattr(_provider(faulty, service), operation)()
    assert caught.value.response["Error"]["Code"] == code
    assert getattr(faulty.client(service), operation)(), "who looks on sees the truth"


def test_faults_end(faulty: Emulated) -> None:
    """Without the file everything is as before."""
    _set(faulty, broken=1.0)
    with pytest.raises(ClientError, match="InternalError"):
        _provider(faulty, "ec2").describe_vpcs()
    write(faults_file(faulty.emulator.world), None)
    assert _provider(faulty, "ec2").describe_vpcs()["Vpcs"]


def test_a_share_of_calls_fails(faulty: Emulated) -> None:
    """About the share that was asked for, and the same ones for the same seed."""

    def outcomes() -> list[bool]:
        _set(faulty, throttled=0.3, seed=4)
        ec2, failed = _provider(faulty, "ec2"), []
        for _ in range(60):
            try:
                ec2.describe_vpcs()
            except ClientError:
                failed.append(True)
            else:
                failed.append(False)
        return failed

    first = outcomes()
    assert 8 <= sum(first) <= 30
    assert outcomes() == first


def test_a_lost_answer_was_done(faulty: Emulated) -> None:
    """The connection ends; the work stays."""
    _set(faulty, lost=1.0)
    with pytest.raises(HTTPClientError):
        _provider(faulty, "logs").create_log_group(logGroupName="/lost")
    found = faulty.client("logs").describe_log_groups(logGroupNamePrefix="/lost")["logGroups"]
    assert [group["logGroupName"] for group in found] == ["/lost"]


def test_what_was_created_is_seen_late(faulty: Emulated) -> None:
    """The code is the one that the provider waits at."""
    _set(faulty, late_s=0.4)
    ec2 = _provider(faulty, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    with pytest.raises(ClientError, match=r"InvalidVpcID\.NotFound"):
        ec2.describe_vpcs(VpcIds=[vpc])
    assert faulty.client("ec2").describe_vpcs(VpcIds=[vpc])["Vpcs"]
    _set(faulty, late_s=0.001, seed=1)
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]


def test_credentials_expire_after_so_many_calls(faulty: Emulated) -> None:
    """And stay expired."""
    _set(faulty, expire_after=2)
    ec2 = _provider(faulty, "ec2")
    for _ in range(2):
        assert ec2.describe_vpcs()["Vpcs"]
    for _ in range(2):
        with pytest.raises(ClientError, match="RequestExpired"):
            ec2.describe_vpcs()
    with pytest.raises(ClientError) as refusal:  # it has no body, and so no code
        _provider(faulty, "s3").head_bucket(Bucket="one")
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.BAD_REQUEST


def test_a_lost_region_answers_nobody(faulty: Emulated) -> None:
    """Not the provider and not a person; also its buckets, by whatever region they are asked for."""
    location = {"LocationConstraint": REGION}
    faulty.client("s3").create_bucket(Bucket="at-home", CreateBucketConfiguration=location)
    _set(faulty, lost_region=REGION)
    for client in (faulty.client("ec2"), _provider(faulty, "ec2")):
        with pytest.raises(ClientError, match="503"):
            client.describe_vpcs()
    with pytest.raises(ClientError, match="503"):
        faulty.client("s3", region="eu-west-1").head_bucket(Bucket="at-home")
    assert faulty.client("ec2", region="eu-west-1").describe_vpcs()["Vpcs"]
    assert faulty.client("iam", region="us-east-1").list_roles()["Roles"]


def test_who_looks_on_sees_a_lost_region(faulty: Emulated) -> None:
    """The inventory counts what is in it, lost or not."""
    observer = deployer.create_observer(
        faulty.emulator.api.local_url, faulty.emulator.world.certificate_authority, REGION
    )
    _set(faulty, lost_region=REGION)
    assert faulty.client("ec2", observer).describe_vpcs()["Vpcs"]
