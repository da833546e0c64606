"""The second opinion as a part of an audit's report: how often auditors agree, and each time they do not."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from groundplan.audit.second_opinion import Report, ours, second_opinion, state
from groundplan.audit.second_opinion.prowler import Survey, on_account
from groundplan.audit.second_opinion.reviewed import Answer
from groundplan.audit.sources import Source
from groundplan.errors import ExitCode, GroundplanError
from policies.core.evaluation import Verdict
from policies.core.rule import Rule


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


def ask(
    source: Source,
    rules: Sequence[Rule],
    verdicts: Sequence[Verdict],
    *,
    prowler: bool,
    report: Callable[[str], None],
) -> SecondOpinionFact:
    """Show auditors the same state, and compare.

    Args:
        source: the state that was judged.
        rules: ours.
        verdicts: what they say.
        prowler: ask prowler, too, about the account that this shell reaches (minutes).
        report: takes one line about each longer step.

    Raises:
        GroundplanError: the source is no state (exit code 2), or an auditor cannot be installed or run.
    """
    if source.kind not in {"state", "account"}:
        raise GroundplanError(
            f"--second-opinion: auditors are shown a state, and {source.name} is a {source.kind}.",
            hint="groundplan audit prod --second-opinion, or --state FILE --second-opinion",
            exit_code=ExitCode.CONFIG,
        )
    document = json.loads(source.text)
    survey = on_account(state.resources(document), os.environ, report) if prowler else None
    found = second_opinion(
        document,
        ours.verdicts_of(verdicts),
        ours.equivalents_of(rules),
        more=survey.opinions if survey else (),
        report=report,
    )
    return facts(found, survey)


def facts(found: Report, survey: Survey | None = None) -> SecondOpinionFact:
    """What auditors said, for the report of an audit."""
    return SecondOpinionFact(
        auditors=dict(found.auditors),
        opinions=len(found.opinions),
        pairs=tuple(
            PairFact(
                rule=each.rule,
                auditor=each.auditor,
                check=each.check_id,
                compared=each.compared,
                agreed=each.agreed,
                alone=each.alone,
                not_evaluated=each.not_evaluated,
            )
            for each in found.agreement.pairs
            if each.compared or each.alone or each.not_evaluated
        ),
        disagreements=tuple(
            DisagreementFact(
                rule=each.rule,
                ours=str(each.ours),
                theirs="pass" if each.opinion.passed else "fail",
                auditor=each.opinion.auditor,
                check=each.opinion.check_id,
                title=each.opinion.title,
                urn=each.opinion.resource_urn,
                **_answer(each.answer),
            )
            for each in found.agreement.disagreements
        ),
        objections=tuple(
            ObjectionFact(
                auditor=each.opinion.auditor,
                check=each.opinion.check_id,
                title=each.opinion.title,
                urn=each.opinion.resource_urn,
                **_answer(each.answer),
            )
            for each in found.findings
        ),
        not_shown=found.not_converted,
        elsewhere=len(survey.elsewhere) if survey else 0,
        not_asked=tuple(survey.errors) if survey else (),
    )


def _answer(answer: Answer | None) -> dict[str, str | None]:
    return {
        "judgement": answer.judgement if answer else None,
        "reason": answer.reason if answer else None,
    }
