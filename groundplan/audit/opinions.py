"""The second opinion as a part of an audit's report: how often auditors agree, and each time they do not."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True)


class PairFact(_Fact):
    """One rule beside one check that asks the same; only those that met."""

    rule: str
    auditor: str
    check: str
    compared: int
    agreed: int
    alone: int
    """Resources on which the auditor has a verdict and we have none that can be compared."""
    not_evaluated: int


class _Reviewed(_Fact):
    auditor: str
    check: str
    title: str
    urn: str
    judgement: str | None
    """None: nobody has answered it in policies/second_opinion.yaml, and that fails the audit."""
    reason: str | None

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.rpartition("::")[2]


class DisagreementFact(_Reviewed):
    """One resource on which a rule and its equivalent differ."""

    rule: str
    ours: str
    theirs: Literal["pass", "fail"]


class ObjectionFact(_Reviewed):
    """A check that failed, and that no rule of ours is mapped to."""


class SecondOpinionFact(_Fact):
    """What auditors say that share no code with us, beside what we say."""

    auditors: dict[str, str]
    """Version by name."""
    opinions: int
    pairs: tuple[PairFact, ...]
    disagreements: tuple[DisagreementFact, ...]
    objections: tuple[ObjectionFact, ...]
    not_shown: tuple[str, ...]
    """Resources that no auditor was shown."""
    elsewhere: int
    """Verdicts on what is in the account and not in the state."""
    not_asked: tuple[str, ...]
    """What an auditor could not ask the account."""

    @property
    def compared(self) -> int:
        """Verdicts that could be compared."""
        return sum(pair.compared for pair in self.pairs)

    @property
    def agreed(self) -> int:
        """Those that are the same."""
        return sum(pair.agreed for pair in self.pairs)

    @property
    def percent(self) -> float | None:
        """Agreement; None if nothing was compared."""
        return 100 * self.agreed / self.compared if self.compared else None

    @property
    def unanswered(self) -> list[DisagreementFact | ObjectionFact]:
        """What nobody has given a reason for."""
        return [each for each in (*self.disagreements, *self.objections) if each.judgement is None]
