"""Calls that an SDK sends again because the answer got lost: they are answered again, and done once."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

_KEPT_ANSWERS = 2000
_LARGEST_ANSWER_BYTES = 1 << 20
_ASKING = {"GET", "HEAD"}
_ERROR = 400

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True, kw_only=True)
class _Answer:
    status: str
    headers: list[tuple[str, str]]
    body: bytes


class RepeatedCalls:
    """Remembers the latest answers by the number that an SDK gives to a call, in all attempts at it.

    AWS' own connections are lost, too, and its calls that create something carry a token for that; here,
    on one busy machine, a second attempt at a call that was done must never look like somebody else's.
    Errors are not remembered: an SDK repeats a call after one so that it is tried again.
    """

    def __init__(self) -> None:
        self._answers: OrderedDict[str, _Answer] = OrderedDict()

    def answer(
        self, environ: dict[str, Any], start_response: Callable[..., Any], application: Application
    ) -> Iterable[bytes]:
        """Let the application answer, unless it has answered an earlier attempt at this call."""
        call = str(environ.get("HTTP_AMZ_SDK_INVOCATION_ID", ""))
        if not call or environ.get("REQUEST_METHOD") in _ASKING:
            return application(environ, start_response)
        known = self._answers.get(call) if attempt_of(environ.get("HTTP_AMZ_SDK_REQUEST", "")) > 1 else None
        if known is None:
            known = _kept(environ, application)
            self._remember(call, known)
        start_response(known.status, known.headers)
        return [known.body]

    def _remember(self, call: str, answer: _Answer) -> None:
        if int(answer.status.split()[0]) >= _ERROR or len(answer.body) > _LARGEST_ANSWER_BYTES:
            return
        self._answers[call] = answer
        if len(self._answers) > _KEPT_ANSWERS:
            self._answers.popitem(last=False)


def attempt_of(request: str) -> int:
    """Which attempt at a call it is, from the header `amz-sdk-request`; 1 where nothing says so."""
    attempt = re.search(r"\battempt=(\d+)", request)
    return int(attempt[1]) if attempt else 1


def _kept(environ: dict[str, Any], application: Application) -> _Answer:
    """The whole answer of an application."""
    began: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
        began.append((status, headers))

    body = b"".join(application(environ, start))
    status, headers = began[-1]
    return _Answer(status=status, headers=headers, body=body)
