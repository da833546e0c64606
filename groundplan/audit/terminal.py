"""An audit as people read it in a terminal: findings as tables, figures in one line."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from groundplan.audit.drift import DriftFact
from groundplan.audit.opinions import DisagreementFact, ObjectionFact, SecondOpinionFact
from groundplan.audit.report import Audit
from policies.core.evaluation import Outcome

_NAMED = 3
"""Resources named of those that one reason is about; page and JSON name all."""


def show(console: Console, audit: Audit) -> None:
    """Print findings, figures, and what auditors say."""
    table = Table("control", "resource", "finding", "severity", "", box=None)
    for control in audit.controls:
        for result in control.results:
            if result.outcome is Outcome.PASS:
                continue
            for each in result.findings:
                note = f"waived until {each.waiver.expires}" if each.waiver else str(result.level)
                table.add_row(control.id, result.name, f"{each.path}: {each.message}", control.severity, note)
            if result.not_evaluated:
                table.add_row(
                    control.id, result.name, result.not_evaluated, control.severity, "not evaluated"
                )
    if table.row_count:
        console.print(table)
    counts = audit.counts
    judged = sum(1 for control in audit.controls if control.results)
    console.print(
        f"{audit.environment}: {audit.resources} resources, {judged} of {len(audit.controls)} controls had a "
        f"subject, {counts.total()} checks: {counts['pass']} pass, {counts['fail']} fail, "
        f"{counts['waived']} waived, {counts['not-evaluated']} not evaluated"
    )
    if audit.drift is not None:
        _drift(console, audit.drift)
    if audit.second_opinion:
        _second_opinion(console, audit.second_opinion)


def _drift(console: Console, drift: tuple[DriftFact, ...]) -> None:
    gone = sum(each.gone for each in drift)
    console.print(f"\nDrift: {len(drift) - gone} resources are not as the state says, {gone} are gone")
    table = Table("resource", "property", "state", "now", box=None)
    for each in drift:
        if each.gone:
            table.add_row(each.name, "", "", "gone")
        for prop in each.properties:
            table.add_row(each.name, prop.path, prop.state, prop.now)
    if table.row_count:
        console.print(table)


def _second_opinion(console: Console, second: SecondOpinionFact) -> None:
    names = ", ".join(f"{name} {version}" for name, version in second.auditors.items()) or "no auditor"
    percent = "" if second.percent is None else f" ({second.percent:.1f} %)"
    differ, objections, open_ = len(second.disagreements), len(second.objections), len(second.unanswered)
    console.print(
        f"\nSecond opinion of {names}: {second.opinions} opinions; of {second.compared} that can be compared "
        f"{second.agreed} agree{percent} and {differ} differ; {objections} objections have no rule of ours; "
        f"{open_} are without a reason"
    )
    table = Table("check", "resource", "rule", "says", "auditor", "judgement", "reason", box=None)
    for (each, *_), names in _alike(second):
        rule, ours, theirs = (
            (each.rule, each.ours, each.theirs) if isinstance(each, DisagreementFact) else ("", "", "fail")
        )
        judgement = each.judgement or "[red]unanswered[/]"
        table.add_row(each.check, names, rule, ours, theirs, judgement, each.reason or each.title)
    if table.row_count:
        console.print(table)
    for urn in second.not_shown:
        console.print(f"not shown to an auditor: {urn}", soft_wrap=True)
    if second.elsewhere:
        console.print(f"{second.elsewhere} verdicts are about nothing in this state.")
    for line in second.not_asked:
        console.print(f"could not be asked: {line}", markup=False, soft_wrap=True)


def _alike(
    second: SecondOpinionFact,
) -> list[tuple[list[DisagreementFact | ObjectionFact], str]]:
    """Disagreements and objections in groups of one reason, with the first names of their resources."""
    groups: dict[tuple[object, ...], list[DisagreementFact | ObjectionFact]] = {}
    for each in (*second.disagreements, *second.objections):
        key = (type(each), each.check, each.reason, getattr(each, "rule", ""), getattr(each, "ours", ""))
        groups.setdefault(key, []).append(each)
    return [(group, _names([each.name for each in group])) for group in groups.values()]


def _names(names: list[str]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(sorted(names)[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
