"""The server of the AWS APIs under many calls at once, and what it logs of them."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import backends
from werkzeug.test import Client, EnvironBuilder

from groundplan.rehearsal.emulator import calls
from groundplan.rehearsal.emulator.answer_record import AnswerRecord
from groundplan.rehearsal.emulator.api import Dispatcher
from groundplan.rehearsal.emulator.deployer_record import DeployerRecord
from groundplan.rehearsal.emulator.eks.account import Account
from groundplan.rehearsal.world import DEPLOYER
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, REGION, Emulated

PARALLEL = 100
CLOUDTRAIL = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"


def test_one_request_is_answered_at_a_time(tmp_path: Path) -> None:
    """Two requests never meet inside moto."""
    meeting = threading.Barrier(2)
    met: list[bool] = []

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        del environ
        try:
            meeting.wait(timeout=0.2)
        except threading.BrokenBarrierError:
            meeting.reset()
        else:
            met.append(True)
        start_response("200 OK", [])
        return [b"done"]

    client = Client(
        Dispatcher(
            lambda _: application,
            Account(ACCOUNT_ID, REGION),
            {DEPLOYER: DeployerRecord(tmp_path / "record")},
            AnswerRecord(tmp_path / "answers"),
        )
    )
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: client.open(EnvironBuilder("/moto-api/")).status_code, range(2)))
    assert answers == [200, 200]
    assert not met


def test_services_are_looked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that was asked before is answered without another look at what moto has."""
    looks: list[None] = []
    modules = backends.list_of_moto_modules
    monkeypatch.setattr(backends, "list_of_moto_modules", lambda: looks.append(None) or modules())
    dispatcher = Dispatcher(
        lambda service: service,
        Account(ACCOUNT_ID, REGION),
        {DEPLOYER: DeployerRecord(tmp_path / "record")},
        AnswerRecord(tmp_path / "answers"),
    )
    hosts = ["sqs.eu-west-1.amazonaws.com", "kms.eu-west-1.amazonaws.com"]
    assert [dispatcher.get_backend_for_host(host) for host in hosts * 3] == ["sqs", "kms"] * 3
    assert len(looks) == len(hosts)


@pytest.mark.parametrize(
    ("service", "method", "arguments"),
    [
        ("inspector2", "list_coverage", {}),  # a path that moto does not know
        ("cloudtrail", "lookup_events", {}),  # a target that it does not know
        ("ssm", "describe_instance_information", {}),
        ("iam", "list_service_specific_credentials", {}),  # an action of a form
    ],
)
def test_what_moto_lacks_is_said_and_not_asked_again(
    aws: Emulated, service: str, method: str, arguments: dict[str, Any]
) -> None:
    """An error of the service's own shape; no SDK tries such a one again, as it does after a 500."""
    with pytest.raises(ClientError, match=rf"The emulator of the rehearsal cannot answer {service}:") as said:
        getattr(aws.client(service), method)(**arguments)
    answer = said.value.response
    assert answer["Error"]["Code"] == "NotImplemented"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.NOT_IMPLEMENTED
    assert answer["ResponseMetadata"]["RetryAttempts"] == 0


def test_many_connections_at_once_are_all_answered(aws: Emulated) -> None:
    """Each call is answered, and done once."""
    ec2 = aws.client("ec2")
    vpc = ec2.describe_subnets(SubnetIds=aws.subnets[:1])["Subnets"][0]["VpcId"]

    def create(number: int) -> str:
        group = ec2.create_security_group(GroupName=f"many-{number}", Description="many", VpcId=vpc)
        return group["GroupId"]

    with ThreadPoolExecutor(PARALLEL) as pool:
        created = set(pool.map(create, range(PARALLEL)))
    found = ec2.describe_security_groups(Filters=[{"Name": "description", "Values": ["many"]}])
    assert {group["GroupId"] for group in found["SecurityGroups"]} == created
    assert len(created) == PARALLEL


def test_a_slow_body_blocks_nobody(aws: Emulated) -> None:
    """Others are served while a client has sent the head of a request only."""
    api = aws.emulator.api
    context = ssl.create_default_context(cafile=str(aws.emulator.world.certificate_authority))
    with (
        socket.create_connection(("127.0.0.1", api.port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as slow,
    ):
        slow.sendall(
            b"POST / HTTP/1.1\r\nHost: ec2\r\nContent-Length: 40\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        )
        assert aws.client("sts").get_caller_identity()["Arn"]


def test_a_repeated_call_shows_in_the_log(aws: Emulated, caplog: pytest.LogCaptureFixture) -> None:
    """The line names action, attempt and call; a first attempt has neither."""
    ec2 = aws.client("ec2")

    def repeat(request: Any, **_: Any) -> None:
        request.headers["Amz-Sdk-Request"] = "attempt=2; max=3"

    with caplog.at_level(logging.INFO, "groundplan.rehearsal.emulator.api"):
        ec2.describe_vpcs()
        ec2.meta.events.register("before-send.ec2", repeat)
        ec2.describe_vpcs()
    first, second = (line for line in caplog.messages if "DescribeVpcs" in line)
    assert first == "ec2 POST / DescribeVpcs 200"
    assert second.startswith("ec2 POST / DescribeVpcs 200 attempt=2 call=")


def test_a_call_whose_answer_was_lost_is_answered_again(aws: Emulated) -> None:
    """A repeated creation gets what its first attempt made; another call of the same kind is refused."""
    iam = aws.client("iam")
    trust = '{"Version": "2012-10-17", "Statement": []}'

    def lose(attempt: str) -> None:
        def mark(request: Any, **_: Any) -> None:
            request.headers["Amz-Sdk-Request"] = attempt
            request.headers["amz-sdk-invocation-id"] = "00000000-one-call"

        iam.meta.events.register("before-send.iam.CreateRole", mark, unique_id="mark")

    lose("attempt=1; max=3")
    first = iam.create_role(RoleName="once", AssumeRolePolicyDocument=trust)["Role"]
    iam.meta.events.unregister("before-send.iam.CreateRole", unique_id="mark")
    lose("attempt=2; max=3")
    assert iam.create_role(RoleName="once", AssumeRolePolicyDocument=trust)["Role"] == first
    iam.meta.events.unregister("before-send.iam.CreateRole", unique_id="mark")
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName="once", AssumeRolePolicyDocument=trust)


@pytest.mark.parametrize("target", ["CloudTrail_20131101.GetTrail", f"{CLOUDTRAIL}.GetTrail"])
def test_a_target_is_understood_as_each_sdk_writes_it(target: str) -> None:
    """Go's SDK leaves out the first words of CloudTrail's."""
    environ = EnvironBuilder("/", method="POST", data='{"Name": "audit"}').get_environ()
    signed = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-central-1/cloudtrail/aws4_request, Signature=0"
    environ |= {"HTTP_AUTHORIZATION": signed, "HTTP_X_AMZ_TARGET": target}
    call = calls.read(environ | {"CONTENT_TYPE": "application/x-amz-json-1.1"})
    assert (call.operation, call.parameters) == ("GetTrail", {"Name": "audit"})
