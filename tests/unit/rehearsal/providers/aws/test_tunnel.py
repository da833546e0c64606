"""The way of S3 Control, whose host has no DNS, to the emulator."""

from __future__ import annotations

import http.client
from collections.abc import Generator

import boto3
import pytest
from botocore.config import Config

from groundplan.rehearsal import pki
from groundplan.rehearsal.providers.aws.tunnel import Tunnel
from groundplan.rehearsal.world import ACCOUNT_ID
from tests.unit.rehearsal.emulator.emulated import REGION, Emulated


@pytest.fixture
def tunnel(aws: Emulated) -> Generator[Tunnel]:
    """A tunnel to it."""
    running = Tunnel(pki.s3_control_host(aws.emulator.world), ("127.0.0.1", aws.emulator.api.port))
    running.start()
    yield running
    running.stop()


def test_s3_control_arrives_over_tls(aws: Emulated, tunnel: Tunnel) -> None:
    """The SDK's own host name, verified by the certificate; an access block of the account is kept."""
    world = aws.emulator.world
    control = boto3.client(
        "s3control",
        region_name=REGION,
        aws_access_key_id=aws.credentials["AccessKeyId"],
        aws_secret_access_key=aws.credentials["SecretAccessKey"],
        aws_session_token=aws.credentials["SessionToken"],
        endpoint_url=f"https://{world.node_address}:{aws.emulator.api.port}",
        verify=str(world.certificate_authority),
        config=Config(proxies={"https": tunnel.url}, retries={"total_max_attempts": 1}),
    )
    block = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    control.put_public_access_block(AccountId=ACCOUNT_ID, PublicAccessBlockConfiguration=block)
    found = control.get_public_access_block(AccountId=ACCOUNT_ID)
    assert found["PublicAccessBlockConfiguration"] == block


@pytest.mark.parametrize("host", ["s3.eu-central-1.amazonaws.com", "localhost"])
def test_nothing_else_gets_out(tunnel: Tunnel, host: str) -> None:
    """A connection to any other host is refused."""
    connection = http.client.HTTPSConnection("127.0.0.1", int(tunnel.url.rpartition(":")[2]), timeout=5)
    connection.set_tunnel(host, 443)
    with pytest.raises(OSError, match="403"):
        connection.connect()
    connection.close()


def test_a_proxy_needs_the_right_verb(tunnel: Tunnel) -> None:
    """It tunnels; it forwards no plain requests."""
    connection = http.client.HTTPConnection("127.0.0.1", int(tunnel.url.rpartition(":")[2]), timeout=5)
    connection.request("GET", f"http://{tunnel.authority}/")
    assert connection.getresponse().status == http.HTTPStatus.FORBIDDEN
    connection.close()
