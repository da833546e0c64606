"""The report of an audit: every answer of every control, with its evidence. All formats are made from it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from groundplan.audit.drift import DriftFact
from groundplan.audit.evidence import shown
from groundplan.audit.opinions import SecondOpinionFact
from groundplan.audit.sources import Source
from policies.core.catalog import VERSION
from policies.core.evaluation import Judged, Outcome, Verdict
from policies.core.rule import Level, Rule
from policies.core.waivers import Waivers


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True)


class WaiverFact(_Fact):
    """The waiver of a finding."""

    id: str
    reason: str
    owner: str
    approver: str
    expires: dt.date


class FindingFact(_Fact):
    """One violation, waived or not."""

    path: str
    value: str
    message: str
    key: str
    waiver: WaiverFact | None


class EvidenceFact(_Fact):
    """A property that was looked at, and what it held."""

    path: str
    value: str


class ResultFact(_Fact):
    """What one control says of one resource."""

    urn: str
    outcome: Outcome
    level: Level
    findings: tuple[FindingFact, ...]
    not_evaluated: str
    evidence: tuple[EvidenceFact, ...]

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.rpartition("::")[2]


class ControlFact(_Fact):
    """One control, and its answers."""

    id: str
    title: str
    severity: str
    why: str
    remediation: str
    level: Level
    frameworks: dict[str, tuple[str, ...]]
    equivalents: tuple[str, ...]
    results: tuple[ResultFact, ...]

    def count(self, outcome: Outcome) -> int:
        """How many resources got an answer."""
        return sum(each.outcome is outcome for each in self.results)

    @property
    def outcome(self) -> Outcome | Literal["no-subject"]:
        """The worst answer; `no-subject` where there is nothing that it judges."""
        for each in (Outcome.FAIL, Outcome.NOT_EVALUATED, Outcome.WAIVED, Outcome.PASS):
            if self.count(each):
                return each
        return "no-subject"


class Audit(_Fact):
    """All that an audit found."""

    environment: str
    source: str
    source_kind: str
    taken_at: dt.datetime
    versions: dict[str, str]
    resources: int
    unjudged_types: Annotated[dict[str, int], Field(description="Types of resources that no control judges.")]
    controls: tuple[ControlFact, ...]
    expired_waivers: tuple[str, ...]
    not_evaluated_budget: int
    drift: Annotated[
        tuple[DriftFact, ...] | None,
        Field(description="What is not as the state says; null if nobody looked at the account."),
    ] = None
    second_opinion: SecondOpinionFact | None = None

    @property
    def counts(self) -> Counter[str]:
        """Answers by kind."""
        return Counter(str(each.outcome) for control in self.controls for each in control.results)

    @property
    def blocking(self) -> list[tuple[ControlFact, ResultFact]]:
        """Mandatory controls that are broken."""
        return [
            (control, each)
            for control in self.controls
            for each in control.results
            if each.level is Level.MANDATORY and each.outcome is Outcome.FAIL
        ]

    @property
    def open(self) -> list[tuple[ControlFact, ResultFact]]:
        """Mandatory controls that could not be evaluated."""
        return [
            (control, each)
            for control in self.controls
            for each in control.results
            if each.level is Level.MANDATORY and each.outcome is Outcome.NOT_EVALUATED
        ]

    @property
    def passed(self) -> bool:
        """Nothing mandatory is broken or left open beyond the budget, no waiver is over, no auditor waits."""
        return not (
            self.blocking
            or len(self.open) > self.not_evaluated_budget
            or self.expired_waivers
            or (self.second_opinion and self.second_opinion.unanswered)
        )


def make_report(
    source: Source,
    rules: Sequence[Rule],
    verdicts: Sequence[Verdict],
    waivers: Waivers,
    *,
    budget: int,
    drift: Sequence[DriftFact] | None = None,
    second_opinion: SecondOpinionFact | None = None,
) -> Audit:
    """Put the verdicts of an audit together.

    Args:
        source: what was judged.
        rules: all rules, those without a subject included.
        verdicts: what they say.
        waivers: the register.
        budget: mandatory checks that may be left open.
        drift: how the account differs from the state, if it was looked at.
        second_opinion: what auditors say, if they were asked.
    """
    by_rule: dict[str, list[Verdict]] = {rule.id: [] for rule in rules}
    for each in verdicts:
        if each.level is not Level.OFF:
            by_rule[each.rule.id].append(each)
    judged = {each.resource.type for each in verdicts}
    return Audit(
        environment=source.environment,
        source=source.name,
        source_kind=source.kind,
        taken_at=dt.datetime.now(dt.UTC).replace(microsecond=0),
        versions={
            "groundplan": version("groundplan"),
            "policy pack": str(VERSION),
            "pulumi-aws": version("pulumi-aws"),
            "pulumi-kubernetes": version("pulumi-kubernetes"),
        },
        resources=len(source.resources),
        unjudged_types=dict(Counter(each.type for each in source.resources if each.type not in judged)),
        controls=tuple(_control(rule, by_rule[rule.id], source.environment) for rule in rules),
        expired_waivers=tuple(
            f"{each.id} of {each.rule} ended on {each.expires}" for each in waivers.expired
        ),
        not_evaluated_budget=budget,
        drift=None if drift is None else tuple(drift),
        second_opinion=second_opinion,
    )


def _control(rule: Rule, verdicts: Sequence[Verdict], environment: str) -> ControlFact:
    return ControlFact(
        id=rule.id,
        title=rule.title,
        severity=str(rule.severity),
        why=rule.why,
        remediation=rule.remediation,
        level=rule.enforcement.in_environment(environment),
        frameworks={str(name): tuple(ids) for name, ids in rule.frameworks.items()},
        equivalents=tuple(rule.equivalents),
        results=tuple(_result(each) for each in verdicts),
    )


def _result(verdict: Verdict) -> ResultFact:
    return ResultFact(
        urn=verdict.resource.urn,
        outcome=verdict.outcome,
        level=verdict.level,
        findings=tuple(_finding(verdict, each) for each in verdict.findings),
        not_evaluated=verdict.open,
        evidence=tuple(
            EvidenceFact(path=path, value=shown(verdict.resource, path)) for path in verdict.reads if path
        ),
    )


def _finding(verdict: Verdict, judged: Judged) -> FindingFact:
    waiver = judged.waiver
    return FindingFact(
        path=judged.finding.path,
        value=shown(verdict.resource, judged.finding.path) if judged.finding.path else "",
        message=judged.finding.message,
        key=judged.finding.key,
        waiver=WaiverFact.model_validate(waiver, from_attributes=True) if waiver else None,
    )
