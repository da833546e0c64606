"""The second opinion on an estate: what auditors say, and how it compares with what we say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from groundplan.audit.second_opinion import checkov, environments, reviewed, state
from groundplan.audit.second_opinion.agreement import Agreement, Verdict, compare
from groundplan.audit.second_opinion.equivalents import auditor_check
from groundplan.audit.second_opinion.manifests import manifests
from groundplan.audit.second_opinion.opinion import Opinion
from groundplan.audit.second_opinion.reviewed import Answer
from groundplan.audit.second_opinion.state import Resource
from groundplan.audit.second_opinion.terraform_plan import convert


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A check that failed and that no rule of ours is mapped to.

    Args:
        opinion: what the auditor says.
        answer: the reviewed answer, if there is one.
    """

    opinion: Opinion
    answer: Answer | None


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was said, by whom, and about what nothing was said.

    Args:
        auditors: each auditor's version by its name.
        opinions: all of them.
        findings: failed checks that no rule of ours is mapped to.
        agreement: ours beside theirs.
        not_converted: resources that no auditor was shown.
    """

    auditors: Mapping[str, str]
    opinions: tuple[Opinion, ...]
    findings: tuple[Finding, ...]
    agreement: Agreement
    not_converted: tuple[str, ...]

    @property
    def unanswered(self) -> tuple[Finding, ...]:
        """Findings that nobody has judged yet."""
        return tuple(found for found in self.findings if found.answer is None)


def second_opinion(
    document: Mapping[str, Any],
    verdicts: Sequence[Verdict] = (),
    equivalents: Mapping[str, Sequence[str]] | None = None,
    *,
    more: Sequence[Opinion] = (),
    answers: Sequence[Answer] | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Report:
    """Ask checkov about the resources of a state, and compare.

    Args:
        document: what `pulumi stack export` wrote.
        verdicts: ours.
        equivalents: the checks that each rule is mapped to, by the rule's id.
        more: opinions got elsewhere, such as prowler's on a live account.
        answers: reviewed answers; those of policies/second_opinion.yaml if None.
        report: takes one line about each longer step.

    Raises:
        GroundplanError: a damaged state or a wrong answer (exit code 2), or an auditor that does not run.
    """
    mapped = equivalents or {}
    answers = reviewed.read() if answers is None else answers
    if equivalents is not None:
        reviewed.check_rules(answers, mapped)
    resources = state.resources(document)
    plan = convert(resources)
    opinions = (*checkov.on_plan(plan, report), *checkov.on_manifests(manifests(resources), report), *more)
    return Report(
        auditors={name: environments.version(name) for name in sorted({each.auditor for each in opinions})},
        opinions=opinions,
        findings=_findings(opinions, mapped, answers),
        agreement=compare(
            verdicts=verdicts,
            opinions=opinions,
            equivalents=mapped,
            neighbours=neighbours_of(resources),
            answers=answers,
        ),
        not_converted=plan.not_converted,
    )


def neighbours_of(resources: Sequence[Resource]) -> dict[str, frozenset[str]]:
    """For each resource those that it references."""
    return {
        each.urn: frozenset(urn for urns in each.references.values() for urn in urns) for each in resources
    }


def _findings(
    opinions: Sequence[Opinion], equivalents: Mapping[str, Sequence[str]], answers: Sequence[Answer]
) -> tuple[Finding, ...]:
    mapped = {auditor_check(name) for names in equivalents.values() for name in names}
    general = [answer for answer in answers if answer.rule is None]
    found = []
    for opinion in opinions:
        if not opinion.passed and (opinion.auditor, opinion.check_id) not in mapped:
            where = (opinion.auditor, opinion.check_id, opinion.resource_urn)
            answer = next((each for each in general if each.covers(*where)), None)
            found.append(Finding(opinion=opinion, answer=answer))
    return tuple(found)
