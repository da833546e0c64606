"""What a bridge has answered: the same question, asked again, need not go there.

Check and Diff look at nothing but what they are given. A preview of an estate that did not change asks all
that the preview before it asked, hundreds of questions for each region.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from pulumi.runtime.proto import provider_pb2

Question = provider_pb2.CheckRequest | provider_pb2.DiffRequest

_LIMIT = 8192
"""Answers kept: those of a few states of an estate of a thousand resources."""


class Answers:
    """The answers of one bridge, those asked for last.

    Args:
        limit: how many are kept.
    """

    def __init__(self, limit: int = _LIMIT) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, Any] = OrderedDict()

    def to(self, question: Question, ask: Callable[[], Any], *, worth_keeping: Callable[[], bool]) -> Any:
        """The answer to a question: the one kept, or what `ask` returns, which is kept if it is worth it."""
        key = _key(question)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        answer = ask()
        if worth_keeping():
            with self._lock:
                self._known[key] = answer
                while len(self._known) > self._limit:
                    self._known.popitem(last=False)
        return answer


def _key(question: Question) -> bytes:
    """What tells questions apart. The seed does not where there is a resource, which has its name already."""
    kept = question
    if isinstance(question, provider_pb2.CheckRequest) and question.olds.fields:
        kept = provider_pb2.CheckRequest()
        kept.CopyFrom(question)
        kept.ClearField("randomSeed")
    text = kept.SerializeToString(deterministic=True)
    return hashlib.blake2b(text, person=type(question).__name__[:16].encode()).digest()
