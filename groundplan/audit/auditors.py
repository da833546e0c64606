"""Asks auditors that share no code with us; their opinions become a part of the audit's report."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence

from groundplan.audit.opinions import DisagreementFact, ObjectionFact, PairFact, SecondOpinionFact
from groundplan.audit.second_opinion import Report, ours, second_opinion, state
from groundplan.audit.second_opinion.prowler import Survey, on_account
from groundplan.audit.second_opinion.reviewed import Answer
from groundplan.audit.sources import Source
from groundplan.errors import ExitCode, GroundplanError
from policies.core.evaluation import Verdict
from policies.core.rule import Rule


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
