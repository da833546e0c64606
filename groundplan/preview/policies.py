"""What a change does to the findings of the policy pack: both sides are judged by the pack of the head.

A preview holds every resource before and after, also those that stay the same. So the rules of the working
tree judge the two in this process, with its settings and waivers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from groundplan.audit.pack import load_pack
from groundplan.audit.sources import judged
from groundplan.preview.changes import kind_of
from groundplan.preview.document import Preview, State
from policies.core.evaluation import Verdict
from policies.core.resources import Resource
from policies.core.rule import Level

NOT_JUDGED = (
    "Policies were not judged: Pulumi refuses the change, so the preview does not show all resources."
)
NOT_WHOLE = (
    "Policies were not judged: the preview leaves out the resources that stay the same. "
    "Write it with `pulumi preview --json --show-sames`."
)
_GONE = frozenset({"delete", "delete-replaced"})
_Key = tuple[str, str, str, str]


@dataclass(frozen=True, kw_only=True)
class PolicyFinding:
    """One rule that one resource does not keep, or that could not be evaluated for it.

    Args:
        rule: its id.
        resource: as people say it, e.g. `s3 Bucket groundplan-prod-raw`.
        message: what is wrong; for a waived finding also who answers for it.
        mandatory: whether it blocks a deployment.
    """

    rule: str
    resource: str
    message: str = ""
    mandatory: bool = False


@dataclass(frozen=True, kw_only=True)
class PolicyDelta:
    """Findings of the policy pack on head, against those on base.

    Args:
        new: on head and not on base.
        fixed: on base and not on head.
        waived: on head, and excused by a waiver.
        not_evaluated: on head rules that met a value which is not known yet, where base was judged.
    """

    new: tuple[PolicyFinding, ...] = ()
    fixed: tuple[PolicyFinding, ...] = ()
    waived: tuple[PolicyFinding, ...] = ()
    not_evaluated: tuple[PolicyFinding, ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether a mandatory rule is newly broken."""
        return any(finding.mandatory for finding in self.new)


def why_not_judged(preview: Preview) -> str | None:
    """The reason for which a preview cannot be judged: rules that join resources need all of them."""
    if preview.refused:
        return NOT_JUDGED
    return None if preview.whole else NOT_WHOLE


def policy_delta(
    environment: str,
    preview: Preview,
    before: Mapping[str, State] | None = None,
    after: Mapping[str, State] | None = None,
) -> PolicyDelta | None:
    """Judge both sides of a preview.

    Args:
        environment: the stack.
        preview: what the engine says.
        before: resources of the base that the engine was not asked about, by URN.
        after: those of the head.

    Returns:
        None where `why_not_judged` has a reason.

    Raises:
        GroundplanError: settings or waivers of the pack are malformed (exit code 2).
    """
    if why_not_judged(preview):
        return None
    pack = load_pack()
    olds = {step.urn: step.old for step in preview.steps if step.old} | dict(before or {})
    news = {step.urn: step.new for step in preview.steps if step.new and step.op not in _GONE}
    news |= dict(after or {})
    base = pack.judge(environment, _resources(olds)) if olds else []
    return _compared(base, pack.judge(environment, _resources(news)) if news else [])


def _resources(states: Mapping[str, State]) -> list[Resource]:
    resources = (judged(urn, state) for urn, state in states.items())
    return [resource for resource in resources if not resource.left_out]


@dataclass(frozen=True, kw_only=True)
class _Side:
    """Findings by what they are known by."""

    broken: dict[_Key, PolicyFinding]
    waived: dict[_Key, PolicyFinding]
    open: dict[_Key, PolicyFinding]


def _compared(base: Iterable[Verdict], head: Iterable[Verdict]) -> PolicyDelta:
    old, new = _side(base), _side(head)
    return PolicyDelta(
        new=_without(new.broken, old.broken),
        fixed=_without(old.broken, new.broken | new.waived),
        waived=tuple(new.waived.values()),
        not_evaluated=_without(new.open, old.open),
    )


def _without(
    findings: Mapping[_Key, PolicyFinding], others: Mapping[_Key, PolicyFinding]
) -> tuple[PolicyFinding, ...]:
    return tuple(finding for key, finding in findings.items() if key not in others)


def _side(verdicts: Iterable[Verdict]) -> _Side:
    side = _Side(broken={}, waived={}, open={})
    for verdict in sorted(verdicts, key=lambda each: (each.rule.id, each.resource.urn)):
        if verdict.level is Level.OFF:
            continue
        for key, finding, waived in _findings(verdict):
            (side.waived if waived else side.broken)[key] = finding
        if verdict.open:
            side.open[verdict.rule.id, verdict.resource.urn, "", ""] = _finding(verdict, verdict.open)
    return side


def _findings(verdict: Verdict) -> Iterator[tuple[_Key, PolicyFinding, bool]]:
    """Each finding with its key. Where it stands in a list may change, and it is the same finding."""
    for each in verdict.findings:
        found, waiver = each.finding, each.waiver
        note = f" (waived by {waiver.id}, {waiver.owner}, until {waiver.expires})" if waiver else ""
        text = f"{found.path}: {found.message}{note}" if found.path else f"{found.message}{note}"
        key = (verdict.rule.id, verdict.resource.urn, found.key or found.path, found.message)
        yield key, _finding(verdict, text), waiver is not None


def _finding(verdict: Verdict, message: str) -> PolicyFinding:
    resource = verdict.resource
    return PolicyFinding(
        rule=verdict.rule.id,
        resource=f"{kind_of(resource.type)} {resource.name}",
        message=message,
        mandatory=verdict.level is Level.MANDATORY,
    )
