"""A bridge is asked the same question once."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from groundplan.rehearsal.providers.aws.answers import Answers, Question

URN = "urn:pulumi:dev::groundplan::aws:s3/bucket:Bucket::raw"


class Asked:
    """Counts how often it is asked; each answer is another one."""

    def __init__(self, answers: Answers) -> None:
        self.answers, self.times = answers, 0

    def __call__(self, question: Question, *, worth_keeping: bool = True) -> int:
        """What the answers say to a question."""
        return self.answers.to(question, self._answer, worth_keeping=lambda: worth_keeping)

    def _answer(self) -> int:
        self.times += 1
        return self.times


@pytest.fixture
def asked() -> Asked:
    """With room for two answers."""
    return Asked(Answers(limit=2))


def check(seed: bytes = b"", olds: dict[str, Any] | None = None, **news: str) -> provider_pb2.CheckRequest:
    """A question about inputs."""
    question = provider_pb2.CheckRequest(urn=URN, randomSeed=seed)
    question.olds.update(olds or {})
    question.news.update(news)
    return question


def diff(**news: str) -> provider_pb2.DiffRequest:
    """A question about a change."""
    question = provider_pb2.DiffRequest(urn=URN)
    question.news.update(news)
    return question


def test_the_same_question_is_asked_once(asked: Asked) -> None:
    """Whatever the order in which its properties were written."""
    assert asked(check(a="1", b="2")) == asked(check(b="2", a="1")) == 1
    assert asked(check(a="1", b="3")) == 2


def test_a_comparison_is_another_question(asked: Asked) -> None:
    """Even with the same contents."""
    assert asked(check(a="1")) != asked(diff(a="1"))


def test_a_seed_matters_while_there_is_no_name(asked: Asked) -> None:
    """Two new resources get names of their own; one that is there has its name."""
    assert asked(check(b"1")) != asked(check(b"2"))
    assert asked(check(b"1", {"bucket": "raw"})) == asked(check(b"2", {"bucket": "raw"}))


def test_what_was_asked_last_is_kept(asked: Asked) -> None:
    """Asking for an answer counts."""
    first = asked(diff(a="1"))
    asked(diff(a="2"))
    assert asked(diff(a="1")) == first
    asked(diff(a="3"))
    assert asked(diff(a="1")) == first
    assert asked(diff(a="2")) == 4


def test_some_answers_are_not_worth_keeping(asked: Asked) -> None:
    """The question is asked again."""
    assert asked(diff(a="1"), worth_keeping=False) == 1
    assert asked(diff(a="1")) == 2


def test_a_failure_is_no_answer(asked: Asked) -> None:
    """It is raised, and the question is asked again."""

    def fail() -> int:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        asked.answers.to(diff(a="1"), fail, worth_keeping=lambda: True)
    assert asked(diff(a="1")) == 1
