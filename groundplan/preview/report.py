"""A whole diff: what a change does to each environment, as facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from groundplan.preview.changes import Change, Operation, counts
from groundplan.preview.findings import Finding, Section, Weight
from groundplan.preview.policies import PolicyDelta
from groundplan.preview.price import PriceDelta
from groundplan.preview.properties import PropertyChange


@dataclass(frozen=True, kw_only=True)
class EnvironmentDiff:
    """What a change does to one environment.

    Args:
        environment: the stack.
        changes: each resource that changes, in the order of the report.
        findings: what a reader should know, in the order of the report.
        notes: where the facts come from, and what was not compared.
        price: price of a month before and after; None if no settings are known.
        policy: what it does to the findings of the policy pack; None if that was not judged.
    """

    environment: str
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    price: PriceDelta | None = None
    policy: PolicyDelta | None = None

    @property
    def counts(self) -> Mapping[Operation, int]:
        """How many resources are created, updated, replaced, deleted."""
        return counts(self.changes)

    @property
    def changed(self) -> bool:
        """Whether anything would happen to any resource, its protection included."""
        return bool(self.changes)

    def of(self, section: Section) -> tuple[Finding, ...]:
        """Findings of one section."""
        return tuple(finding for finding in self.findings if finding.section is section)

    def weighing(self, weight: Weight) -> int:
        """How many findings are of this weight."""
        return sum(finding.weight is weight for finding in self.findings)

    @property
    def retagged(self) -> tuple[Change, ...]:
        """Updates of nothing but tags."""
        return tuple(change for change in self.changes if change.tags_only)

    @property
    def detailed(self) -> tuple[Change, ...]:
        """All other changes."""
        return tuple(change for change in self.changes if not change.tags_only)

    @property
    def tag_changes(self) -> tuple[tuple[PropertyChange, int], ...]:
        """What differs in the tags of `retagged`, each with the number of resources."""
        found: dict[str, tuple[PropertyChange, int]] = {}
        for change in self.retagged:
            for prop in change.properties:
                key = f"{prop.path} {prop.old!r} {prop.new!r}"
                found[key] = (prop, found.get(key, (prop, 0))[1] + 1)
        return tuple(found[key] for key in sorted(found))


@dataclass(frozen=True, kw_only=True)
class DiffReport:
    """What a change does to all environments that were asked for.

    Args:
        base: what it is compared with, e.g. `main (1a2b3c4)`.
        head: what is compared, e.g. `the working tree`.
        environments: one diff each.
    """

    base: str
    head: str
    environments: tuple[EnvironmentDiff, ...]

    @property
    def changed(self) -> bool:
        """Whether anything would happen in any environment."""
        return any(each.changed for each in self.environments)

    @property
    def blocked(self) -> bool:
        """Whether a mandatory policy is newly broken in any environment."""
        return any(each.policy is not None and each.policy.blocks for each in self.environments)

    def as_json(self) -> dict[str, Any]:
        """All of it as one document."""
        return {
            "base": self.base,
            "head": self.head,
            "changed": self.changed,
            "environments": [_environment(each) for each in self.environments],
        }


def _environment(diff: EnvironmentDiff) -> dict[str, Any]:
    return {
        "environment": diff.environment,
        "counts": dict(diff.counts),
        "findings": [
            {
                "section": finding.section.name.lower(),
                "weight": finding.weight.value,
                "subject": finding.subject,
                "urn": finding.urn,
                "text": finding.text,
                "facts": list(finding.facts),
            }
            for finding in diff.findings
        ],
        "price": _price(diff.price) if diff.price else None,
        "policy": asdict(diff.policy) if diff.policy else None,
        "changes": [_change(change) for change in diff.changes],
        "notes": list(diff.notes),
    }


def _price(price: PriceDelta) -> dict[str, Any]:
    return {
        "least_usd": {"before": round(price.before_usd, 2), "after": round(price.after_usd, 2)},
        "most_usd": {"before": round(price.most_before_usd, 2), "after": round(price.most_after_usd, 2)},
        "lines": [
            {"item": item, "before_usd": round(before, 2), "after_usd": round(after, 2)}
            for item, before, after in price.lines
        ],
        "as_of": price.as_of,
        "source": price.source,
        "unpriced": list(price.unpriced),
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "operation": change.operation,
        "urn": change.urn,
        "type": change.type,
        "properties": [
            {"path": prop.path, "old": prop.old, "new": prop.new, "replaces": prop.replaces}
            for prop in change.properties
        ],
        "replaced_by": list(change.replaced_by),
        "protected": {"before": change.was_protected, "after": change.is_protected},
        "source": "recordings of both programs" if change.recorded else "the engine",
    }
