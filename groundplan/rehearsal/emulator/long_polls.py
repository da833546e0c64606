"""Long polls of SQS: who waits for messages holds up nobody else.

moto waits inside of the call, and one call is answered at a time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from moto.sqs.models import SQSBackend, sqs_backends

from groundplan.rehearsal.emulator.patching import wrap

_TARGET = "AmazonSQS.ReceiveMessage"
_POLL_S = 0.2
_LONGEST_S = 20
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html."""


def install() -> None:
    """Apply all; a second call changes nothing."""
    wrap(SQSBackend, "receive_message", _at_once)


def wait(environ: dict[str, Any], account_id: str, region: str) -> None:
    """Before the call has its turn: wait as long as it asks to, or until its queue has messages."""
    if environ.get("HTTP_X_AMZ_TARGET") != _TARGET:
        return
    body = environ["wsgi.input"]
    asked = json.loads(body.read() or b"{}")
    body.seek(0)
    name = str(asked.get("QueueUrl", "")).rpartition("/")[2]
    deadline = time.monotonic() + min(int(asked.get("WaitTimeSeconds") or 0), _LONGEST_S)
    while time.monotonic() < deadline and not _has_messages(account_id, region, name):
        time.sleep(_POLL_S)


def _has_messages(account_id: str, region: str, name: str) -> bool:
    queue = sqs_backends[account_id][region].queues.get(name)
    return queue is None or bool(queue.approximate_number_of_messages)


def _at_once(
    original: Callable[..., Any],
    backend: SQSBackend,
    queue_name: str,
    count: int,
    _: int,
    *more: Any,
    **named: Any,
) -> Any:
    return original(backend, queue_name, count, 0, *more, **named)
