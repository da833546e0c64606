"""What a reviewer has to say about a change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Section(StrEnum):
    """Parts of a report, in its order."""

    REFUSED = "Refused by Pulumi"
    DATA = "Data that would be lost or made anew"
    PROTECTION = "Protection taken away"
    ACCESS = "Access gained"
    EXPOSURE = "Network and public access opened"
    CAPACITY = "Quota and capacity"


class Weight(StrEnum):
    """How hard a reader should look."""

    DANGER = "danger"
    WARNING = "warning"
    NOTE = "note"


MARKS = {Weight.DANGER: "🔴", Weight.WARNING: "🟠", Weight.NOTE: "🔵"}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a reader of a change should know.

    Args:
        section: where it is shown.
        weight: how hard to look.
        subject: the resource, e.g. `s3 Bucket groundplan-prod-raw`.
        urn: its URN.
        text: what happens, in one sentence.
        facts: particulars, one a line.
    """

    section: Section
    weight: Weight
    subject: str
    urn: str
    text: str
    facts: tuple[str, ...] = ()


def alike(findings: Iterable[Finding]) -> tuple[tuple[Finding, ...], ...]:
    """Findings in groups that say the same of different subjects, in the order of the first of each."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.weight, finding.text, finding.facts), []).append(finding)
    return tuple(map(tuple, groups.values()))
