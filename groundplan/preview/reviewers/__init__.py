"""One small file per question that a reviewer asks of a change. All are pure: changes in, findings out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from groundplan.preview.changes import Change
from groundplan.preview.findings import Finding, Section, Weight
from groundplan.preview.reviewers import access, capacity, cluster_access, data, exposure, ports, protection

Reviewer = Callable[[Sequence[Change]], Iterator[Finding]]

REVIEWERS: tuple[Reviewer, ...] = (
    data.review,
    protection.review,
    access.review,
    cluster_access.review,
    exposure.review,
    ports.review,
    capacity.review,
)


def review(changes: Sequence[Change], refused: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Ask all reviewers. Findings are in the order of the report: by section, weight and subject.

    Args:
        changes: of all resources.
        refused: URNs of those that Pulumi would not change.
    """
    sections, weights = list(Section), list(Weight)
    found = [finding for reviewer in REVIEWERS for finding in reviewer(changes)]
    found += [_refusal(change) for change in changes if change.urn in refused]
    return tuple(
        sorted(
            found,
            key=lambda finding: (
                sections.index(finding.section),
                weights.index(finding.weight),
                finding.subject,
                finding.text,
            ),
        )
    )


def _refusal(change: Change) -> Finding:
    return Finding(
        section=Section.REFUSED,
        weight=Weight.DANGER,
        subject=f"{change.kind} {change.name}",
        urn=change.urn,
        text="cannot go while protected: `pulumi up` would stop here, and what follows may be missing.",
    )
