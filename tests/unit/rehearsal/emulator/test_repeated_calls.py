"""A call whose answer got lost is done once, however often an SDK sends it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from werkzeug.test import Client

from groundplan.rehearsal.emulator.repeated_calls import RepeatedCalls
from tests.unit.rehearsal.emulator.emulated import Emulated


class _Counting:
    """An application that counts what it does, and fails where it is told to."""

    def __init__(self) -> None:
        self.calls = RepeatedCalls()
        self.done = 0
        self.status = "200 OK"

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return self.calls.answer(environ, start_response, self._do)

    def _do(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        del environ
        self.done += 1
        start_response(self.status, [("X-Done", str(self.done))])
        return [f"answer {self.done}".encode()]

    def send(self, call: str, attempt: int, method: str = "POST") -> str:
        """The body of the answer to one attempt at a call."""
        headers = {"Amz-Sdk-Invocation-Id": call, "Amz-Sdk-Request": f"attempt={attempt}; max=3"}
        return Client(self).open("/", method=method, headers=headers).text


def test_a_second_attempt_gets_the_first_answer() -> None:
    """It is done once; another call is done again."""
    application = _Counting()
    assert [application.send("a", attempt) for attempt in (1, 2, 3)] == ["answer 1"] * 3
    assert application.send("b", 1) == "answer 2"
    assert application.done == 2


def test_an_attempt_after_an_error_is_tried() -> None:
    """The SDK repeats it so that it succeeds now."""
    application = _Counting()
    application.status = "503 Slow Down"
    application.send("a", 1)
    application.status = "200 OK"
    assert application.send("a", 2) == "answer 2"


def test_what_only_asks_is_asked_again() -> None:
    """Nothing is kept of reads: they may be large, and are done as often as one likes."""
    application = _Counting()
    assert [application.send("a", attempt, "GET") for attempt in (1, 2)] == ["answer 1", "answer 2"]


def test_a_key_pair_is_created_once(aws: Emulated) -> None:
    """By boto3: the second attempt gets the first answer, and a call of its own is refused."""
    client = aws.client("ec2")

    def repeated(request: Any, **_: Any) -> None:
        request.headers["Amz-Sdk-Invocation-Id"] = "one-call"
        request.headers["Amz-Sdk-Request"] = "attempt=2; max=3"

    client.meta.events.register("before-send.ec2.CreateKeyPair", repeated)
    first = client.create_key_pair(KeyName="once")
    assert client.create_key_pair(KeyName="once")["KeyPairId"] == first["KeyPairId"]
    with pytest.raises(ClientError, match="Duplicate"):
        aws.client("ec2").create_key_pair(KeyName="once")
    client.delete_key_pair(KeyName="once")
