"""Our verdicts beside the auditors': how often both say the same, and each time they do not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from groundplan.audit.second_opinion.equivalents import auditor_check
from groundplan.audit.second_opinion.opinion import Opinion
from groundplan.audit.second_opinion.reviewed import Answer

_AGREED, _DISAGREED, _ALONE, _NOT_EVALUATED = "agreed", "disagreed", "alone", "not evaluated"


class Outcome(StrEnum):
    """What one of our rules says about a resource."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    FAIL = "fail"
    NOT_EVALUATED = "not-evaluated"
    WAIVED = "waived"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What one of our rules says about one resource.

    Args:
        rule: the rule's id.
        urn: the resource.
        outcome: a waived finding is one: the auditor is expected to find it too.
    """

    rule: str
    urn: str
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One of our rules and a check that asks the same.

    Args:
        rule: our rule.
        auditor: whose check.
        check_id: the check.
        compared: on how many resources both had a verdict.
        agreed: on how many it was the same.
        alone: on how many the auditor had one and we had none that is comparable.
        not_evaluated: on how many the auditor had one and our rule could not be evaluated.
    """

    rule: str
    auditor: str
    check_id: str
    compared: int
    agreed: int
    alone: int
    not_evaluated: int

    @property
    def percent(self) -> float | None:
        """Agreement; None if nothing was compared."""
        return _percent(self.agreed, self.compared)


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """One resource on which a rule and its equivalent differ.

    Args:
        rule: our rule.
        ours: what it says.
        opinion: what the auditor says.
        answer: the reviewed reason; None if there is none, which is an error.
    """

    rule: str
    ours: Outcome
    opinion: Opinion
    answer: Answer | None


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How our verdicts compare with the auditors'.

    Args:
        pairs: each rule and mapped check, also those that never met.
        disagreements: every one, with its reason.
    """

    pairs: tuple[Pair, ...]
    disagreements: tuple[Disagreement, ...]

    @property
    def compared(self) -> int:
        """Verdicts that could be compared."""
        return sum(pair.compared for pair in self.pairs)

    @property
    def percent(self) -> float | None:
        """Agreement over all pairs; None if nothing was compared."""
        return _percent(sum(pair.agreed for pair in self.pairs), self.compared)

    @property
    def unexplained(self) -> tuple[Disagreement, ...]:
        """Disagreements without a reviewed reason."""
        return tuple(each for each in self.disagreements if each.answer is None)


@dataclass(frozen=True, kw_only=True)
class _Meeting:
    """An opinion, and our verdict on the same subject if there is one."""

    rule: str
    opinion: Opinion
    ours: Verdict | None

    @property
    def place(self) -> tuple[str, str, str]:
        """Rule, auditor and subject."""
        return self.rule, self.opinion.auditor, self.ours.urn if self.ours else ""


def compare(
    *,
    verdicts: Sequence[Verdict],
    opinions: Sequence[Opinion],
    equivalents: Mapping[str, Sequence[str]],
    neighbours: Mapping[str, frozenset[str]],
    answers: Sequence[Answer] = (),
) -> Agreement:
    """Compare verdicts on the same resource, or on the one that an auditor's resource belongs to.

    Args:
        verdicts: ours.
        opinions: the auditors'.
        equivalents: the checks of each rule, by the rule's id.
        neighbours: for each resource those that it references. An auditor may judge a bucket's public access
            block where our rule judges the bucket.
        answers: reviewed reasons.
    """
    met = list(_meetings(verdicts, opinions, equivalents, neighbours))
    found = {each.place for each in met if not each.opinion.passed}
    pairs, disagreements = [], []
    for rule, auditor, check_id in _mapped(equivalents):
        counts: Counter[str] = Counter()
        for each in met:
            if (each.rule, each.opinion.auditor, each.opinion.check_id) != (rule, auditor, check_id):
                continue
            kind = _kind(each, found)
            counts[kind] += 1
            if each.ours and kind == _DISAGREED:
                disagreements.append(
                    Disagreement(
                        rule=rule,
                        ours=each.ours.outcome,
                        opinion=each.opinion,
                        answer=_answer(answers, rule, each.opinion),
                    )
                )
        pairs.append(
            Pair(
                rule=rule,
                auditor=auditor,
                check_id=check_id,
                compared=counts[_AGREED] + counts[_DISAGREED],
                agreed=counts[_AGREED],
                alone=counts[_ALONE],
                not_evaluated=counts[_NOT_EVALUATED],
            )
        )
    return Agreement(pairs=tuple(pairs), disagreements=tuple(disagreements))


def _meetings(
    verdicts: Sequence[Verdict],
    opinions: Sequence[Opinion],
    equivalents: Mapping[str, Sequence[str]],
    neighbours: Mapping[str, frozenset[str]],
) -> Iterator[_Meeting]:
    """Every opinion of a mapped check, with the verdict of each rule that it is mapped to."""
    ours = {(verdict.rule, verdict.urn): verdict for verdict in verdicts}
    said: defaultdict[tuple[str, str], list[Opinion]] = defaultdict(list)
    for opinion in opinions:
        said[opinion.auditor, opinion.check_id].append(opinion)
    for rule, auditor, check_id in _mapped(equivalents):
        for opinion in said[auditor, check_id]:
            verdict = _ours(ours, rule, opinion.resource_urn, neighbours)
            yield _Meeting(rule=rule, opinion=opinion, ours=verdict)


def _mapped(equivalents: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str, str]]:
    for rule in sorted(equivalents):
        for name in equivalents[rule]:
            found = auditor_check(name)
            if found:
                yield rule, *found


def _ours(
    ours: Mapping[tuple[str, str], Verdict], rule: str, urn: str, neighbours: Mapping[str, frozenset[str]]
) -> Verdict | None:
    """Our verdict on the resource itself, else on the only one of those that it references."""
    if (rule, urn) in ours:
        return ours[rule, urn]
    near = [ours[rule, other] for other in neighbours.get(urn, ()) if (rule, other) in ours]
    return near[0] if len(near) == 1 else None


def _kind(meeting: _Meeting, found: Container[tuple[str, str, str]]) -> str:
    """How both relate. One rule may ask what an auditor asks by several checks: one that fails is enough."""
    if meeting.ours is None:
        return _ALONE
    if meeting.ours.outcome is Outcome.NOT_EVALUATED:
        return _NOT_EVALUATED
    if meeting.ours.outcome is Outcome.PASS:
        return _AGREED if meeting.opinion.passed else _DISAGREED
    return _AGREED if meeting.place in found else _DISAGREED


def _answer(answers: Sequence[Answer], rule: str, opinion: Opinion) -> Answer | None:
    return next(
        (
            answer
            for answer in answers
            if answer.rule == rule and answer.covers(opinion.auditor, opinion.check_id, opinion.resource_urn)
        ),
        None,
    )


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None
