"""Answers a call that an SDK sends again with what it was answered before.

SDKs repeat a call whose answer did not reach them, under one invocation id. AWS knows most such calls by a
client token; moto does not, and a creation would fail the second time because of what the first time made.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

_CALLS = 1024
_BODY_BYTES = 64 * 1024
_SUCCESS = range(200, 300)


class Repetitions:
    """The last successful answers to calls that change something, by invocation id."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, Response] = OrderedDict()

    def answer(self, environ: Mapping[str, Any]) -> Response | None:
        """What this very call was answered before; None for a first attempt, and after a failed one."""
        return self._answers.get(invocation(environ)) if attempt(environ) > 1 else None

    def remember(self, environ: Mapping[str, Any], answer: Response) -> None:
        """Keep the answer for a repetition of the call."""
        call = invocation(environ)
        reads = environ["REQUEST_METHOD"] in {"GET", "HEAD"}
        if not call or reads or answer.status_code not in _SUCCESS or len(answer.data) > _BODY_BYTES:
            return
        self._answers[call] = answer
        if len(self._answers) > _CALLS:
            self._answers.popitem(last=False)


def invocation(environ: Mapping[str, Any]) -> str:
    """The id that all attempts of one call share; empty if the client is no SDK."""
    return re.sub(r"[^\w-]", "", environ.get("HTTP_AMZ_SDK_INVOCATION_ID", ""))


def attempt(environ: Mapping[str, Any]) -> int:
    """Which attempt of its call a request is, from 1."""
    found = re.search(r"\battempt=(\d+)", environ.get("HTTP_AMZ_SDK_REQUEST", ""))
    return int(found[1]) if found else 1
