"""The AWS APIs over TLS: who is served, and who is not."""

from __future__ import annotations

import http.client
import socket
import ssl

import pytest

from tests.unit.rehearsal.emulator.emulated import Emulated


def test_plain_http_gets_no_answer(aws: Emulated) -> None:
    """The port speaks TLS only."""
    connection = http.client.HTTPConnection("127.0.0.1", aws.emulator.api.port, timeout=5)
    connection.request("GET", "/moto-api/")
    with pytest.raises((OSError, http.client.HTTPException)):
        connection.getresponse()
    connection.close()


def test_a_silent_client_blocks_nobody(aws: Emulated) -> None:
    """Others are served while a connection has not begun its handshake."""
    with socket.create_connection(("127.0.0.1", aws.emulator.api.port)):
        assert aws.client("sts").get_caller_identity()["Arn"]


def test_only_the_rehearsals_authority_vouches_for_it(aws: Emulated) -> None:
    """A client without the rehearsal's authority does not trust the certificate."""
    connection = http.client.HTTPSConnection("127.0.0.1", aws.emulator.api.port, timeout=5)
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.request("GET", "/moto-api/")
    connection.close()


def test_an_answer_ends_with_a_goodbye(aws: Emulated) -> None:
    """The end of TLS is announced: a client can tell a whole answer from one that was cut off."""
    context = ssl.create_default_context(cafile=str(aws.emulator.world.certificate_authority))
    with (
        socket.create_connection(("127.0.0.1", aws.emulator.api.port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1", suppress_ragged_eofs=False) as client,
    ):
        client.sendall(b"GET /moto-api/ HTTP/1.1\r\nHost: moto\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_connection_serves_more_than_one_request(aws: Emulated) -> None:
    """Clients keep it, and with it the handshake; bodies do not run into the next request."""
    context = ssl.create_default_context(cafile=str(aws.emulator.world.certificate_authority))
    connection = http.client.HTTPSConnection("127.0.0.1", aws.emulator.api.port, timeout=5, context=context)
    ports = set()
    for _ in range(3):
        connection.request("POST", "/moto-api/", body=b"x" * 100_000)
        ports.add(connection.sock.getsockname()[1])
        connection.getresponse().read()
    connection.close()
    assert len(ports) == 1


def test_who_asks_whether_a_body_may_come_is_told_at_once(aws: Emulated) -> None:
    """Clients with large bodies wait for it, some for ever."""
    context = ssl.create_default_context(cafile=str(aws.emulator.world.certificate_authority))
    with (
        socket.create_connection(("127.0.0.1", aws.emulator.api.port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as client,
    ):
        head = b"POST /moto-api/ HTTP/1.1\r\nHost: moto\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"
        client.sendall(head)
        assert client.recv(65_536).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"x")
        assert client.recv(65_536).startswith(b"HTTP/1.1 ")
