"""A diff as one comment of a pull request: counts first, then what is dangerous, details folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from groundplan.preview.changes import Change
from groundplan.preview.findings import MARKS, Finding, Section, Weight, alike
from groundplan.preview.policies import PolicyDelta, PolicyFinding
from groundplan.preview.price import LEFT_OUT, PriceDelta
from groundplan.preview.properties import PropertyChange
from groundplan.preview.report import DiffReport, EnvironmentDiff
from groundplan.preview.values import code, shown

MARKER = "<!-- groundplan diff -->"
"""First line: by it a workflow finds the comment that it wrote before."""
MAX_LENGTH = 60_000
"""GitHub refuses comments of more than 65,536 characters."""
_OPEN_NOTES = 3
"""More findings without danger than that in one section are folded."""


def render(report: DiffReport) -> str:
    """The comment. If it is too long for one, properties are left out, then what is at its end."""
    text = _render(report, properties=True)
    if len(text) > MAX_LENGTH:
        text = _render(report, properties=False)
    if len(text) > MAX_LENGTH:
        kept = text[:MAX_LENGTH].rsplit("\n", 1)[0]
        text = f"{kept}\n\nCut here: all of it is in the HTML page.\n"
    return text


def _render(report: DiffReport, *, properties: bool) -> str:
    lines = [MARKER, "## What this change does", "", f"From {report.base} to {report.head}.", ""]
    lines += _overview(report)
    for diff in report.environments:
        lines += ["", f"### {diff.environment}", "", *_body(diff, properties=properties)]
    notes = sorted({note for diff in report.environments for note in diff.notes})
    lines += ["", *(f"<sub>{note}</sub>  " for note in notes)]
    single = (line for before, line in pairwise(["", *lines]) if before or line)
    return "\n".join(single).rstrip() + "\n"


def _overview(report: DiffReport) -> Iterator[str]:
    yield "| environment | create | update | replace | delete | look at | USD a month |"
    yield "| --- | ---: | ---: | ---: | ---: | --- | --- |"
    for diff in report.environments:
        numbers = [_count(diff.counts[name]) for name in ("create", "update", "replace", "delete")]
        row = (diff.environment, *numbers, _weights(diff), _price_in_short(diff.price))
        yield f"| {' | '.join(row)} |"


def _count(number: int) -> str:
    return f"**{number}**" if number else "0"


def _weights(diff: EnvironmentDiff) -> str:
    found = ((MARKS[weight], diff.weighing(weight)) for weight in (Weight.DANGER, Weight.WARNING))
    text = " ".join(f"{mark} {number}" for mark, number in found if number)
    if diff.policy and diff.policy.blocks:
        text = f"⛔ policy {text}".rstrip()
    return text or "nothing"


def _price_in_short(price: PriceDelta | None) -> str:
    if price is None:
        return "not priced"
    if not price.lines:
        most = (price.most_before_usd, price.most_after_usd)
        at_most = f", at most {most[0]:,.0f} → {most[1]:,.0f}" if price.changed else ""
        return f"{price.after_usd:,.0f}{at_most}"
    return f"{price.before_usd:,.0f} → {price.after_usd:,.0f} ({price.after_usd - price.before_usd:+,.0f})"


def _body(diff: EnvironmentDiff, *, properties: bool) -> Iterator[str]:
    if not diff.changed:
        yield "No change."
    for section in Section:
        findings = diff.of(section)
        if findings:
            yield from ("", f"**{section}**", "", *_findings(findings))
    if diff.policy:
        yield from ("", *_policy(diff.policy))
    if diff.price and diff.price.changed:
        yield from ("", *_price(diff.price))
    if diff.changed:
        yield from ("", *_details(diff, properties=properties))


def _findings(findings: Iterable[Finding]) -> Iterator[str]:
    groups = alike(findings)
    heavy = [group for group in groups if group[0].weight is not Weight.NOTE]
    light = [group for group in groups if group[0].weight is Weight.NOTE]
    for group in heavy:
        yield from _group(group)
    if len(light) <= _OPEN_NOTES:
        for group in light:
            yield from _group(group)
    else:
        lines = (line for group in light for line in _group(group))
        yield from _folded(f"{sum(map(len, light))} more", lines)


def _group(group: tuple[Finding, ...]) -> Iterator[str]:
    """Findings that say the same, in one line with all their subjects."""
    finding = group[0]
    subjects = ", ".join(code(each.subject) for each in group)
    yield f"- {MARKS[finding.weight]} {subjects} {finding.text}"
    if finding.facts:
        yield from (f"  {line}" for line in _block(finding.facts))


def _price(price: PriceDelta) -> Iterator[str]:
    yield (
        f"**Price of a month**: {price.before_usd:,.0f} → {price.after_usd:,.0f} USD at the smallest size, "
        f"{price.most_before_usd:,.0f} → {price.most_after_usd:,.0f} USD with pools and database at their "
        "largest."
    )
    lines = [f"| {item} | {before:,.0f} | {after:,.0f} |" for item, before, after in price.lines]
    head = ["| smallest size | before | after |", "| --- | ---: | ---: |"]
    unpriced = f" No price is known of {', '.join(price.unpriced)}." if price.unpriced else ""
    origin = f"Prices of {price.as_of} ({price.source}). Not in it: {LEFT_OUT}.{unpriced}"
    if lines:
        yield from _folded("the lines that differ", [*head, *lines, "", origin])
    else:
        yield from _folded("what is priced", [origin])


def _policy(delta: PolicyDelta) -> Iterator[str]:
    parts = (("new", delta.new), ("fixed", delta.fixed), ("waived", delta.waived))
    counts = ", ".join(f"{len(found)} {name}" for name, found in parts)
    yield f"**Policies**: {counts}, {len(delta.not_evaluated)} not evaluated"
    yield ""
    for finding in delta.new:
        yield f"- {'🔴' if finding.mandatory else '🟠'} {_policy_line(finding)}"
    rest = [("fixed", delta.fixed), ("waived", delta.waived), ("not evaluated", delta.not_evaluated)]
    lines = [f"- {name}: {_policy_line(finding)}" for name, found in rest for finding in found]
    if lines:
        yield from _folded("the others", lines)


def _policy_line(finding: PolicyFinding) -> str:
    said = f": {code(finding.message)}" if finding.message else ""
    return f"{code(finding.rule)} {code(finding.resource)}{said}"


def _details(diff: EnvironmentDiff, *, properties: bool) -> Iterator[str]:
    number = len(diff.changes)
    lines = [line for change in diff.detailed for line in change_lines(change, properties=properties)]
    for prop, resources in diff.tag_changes:
        lines += [
            f"! {resources} {'resource' if resources == 1 else 'resources'}: {prop.path}",
            *_values(prop),
        ]
    yield from _folded(f"all {number} changes" if number > 1 else "the change", _block(lines))


def change_lines(change: Change, *, properties: bool = True) -> Iterator[str]:
    """A change as lines of a coloured diff."""
    signs = {"create": "+", "delete": "-", "replace": "!", "update": "!"}
    if change.operation is None:
        yield f"! protection of {change.kind} {change.name}"
    else:
        yield f"{signs[change.operation]} {change.operation} {change.kind} {change.name}"
    for prop in change.properties if properties else ():
        yield f"    {prop.path}{'  forces the replacement' if prop.replaces else ''}"
        yield from _values(prop)


def _values(prop: PropertyChange) -> Iterator[str]:
    if prop.old is not None:
        yield f"-     {shown(prop.old)}"
    if prop.new is not None:
        yield f"+     {shown(prop.new)}"


def _folded(summary: str, lines: Iterable[str]) -> Iterator[str]:
    yield from ("", f"<details><summary>{summary}</summary>", "", *lines, "", "</details>")


def _block(lines: Iterable[str]) -> list[str]:
    """Lines that Markdown must not read: they come from a pull request."""
    plain = [line.replace("```", "'''") for line in lines]
    return ["```diff", *plain, "```"]
