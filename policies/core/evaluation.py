"""Judging resources by rules. There are three answers, never two: pass, fail, not evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from policies.core.resources import STACK, Resource
from policies.core.rule import Context, Finding, Level, Rule
from policies.core.values import UnknownError, View, WrongTypeError, secret_texts
from policies.core.waivers import Waiver, Waivers


class Outcome(StrEnum):
    """The answer of one rule on one resource."""

    PASS = "pass"  # noqa: S105 - an answer, not a password
    FAIL = "fail"
    WAIVED = "waived"
    NOT_EVALUATED = "not-evaluated"


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A finding, and the waiver that covers it if there is one."""

    finding: Finding
    waiver: Waiver | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What one rule says of one resource.

    Args:
        rule: the rule.
        resource: its subject.
        level: what a finding does in this environment.
        findings: violations, waived ones included.
        open: why it could not be judged to its end; empty if it was.
        reads: the properties that were looked at, for evidence.
    """

    rule: Rule
    resource: Resource
    level: Level
    findings: Sequence[Judged] = ()
    open: str = ""
    reads: Sequence[str] = ()

    @property
    def outcome(self) -> Outcome:
        """A violation counts even if the rest is unknown; a waived one does not hide an unknown."""
        if any(judged.waiver is None for judged in self.findings):
            return Outcome.FAIL
        if self.open:
            return Outcome.NOT_EVALUATED
        return Outcome.WAIVED if self.findings else Outcome.PASS

    @property
    def blocks(self) -> bool:
        """Whether it stops an update."""
        return self.level is Level.MANDATORY and self.outcome is Outcome.FAIL


def judge(rule: Rule, resource: Resource, context: Context, waivers: Waivers) -> Verdict:
    """Ask one rule about one resource. A rule that raises has found something: nothing passes by accident."""
    subject = _watched(resource)
    findings: list[Finding] = []
    reason = ""
    try:
        for finding in rule.check(subject, context):
            findings.append(_without_secrets(finding, resource, context))  # noqa: PERF401 - what was found before an error counts
    except UnknownError as error:
        reason = str(error)
    except WrongTypeError as error:
        findings.append(Finding(path=error.path, message=str(error), key="wrong type"))
    except Exception as error:  # noqa: BLE001 - fail closed, with the rule's name and never the value
        message = f"the rule itself failed with {type(error).__name__}: report it"
        findings.append(Finding(path="", message=message, key="broken rule"))
    return Verdict(
        rule=rule,
        resource=resource,
        level=rule.enforcement.in_environment(context.environment),
        findings=[
            Judged(finding=each, waiver=waivers.covering(rule.id, resource.urn, each)) for each in findings
        ],
        open=reason,
        reads=sorted(subject.view.reads),
    )


def evaluate(
    rules: Iterable[Rule], resources: Sequence[Resource], context: Context, waivers: Waivers
) -> list[Verdict]:
    """Ask all rules about all their subjects; those about existence are asked of the stack's own resource."""
    subjects = list(resources)
    if not any(resource.type == STACK for resource in subjects):
        subjects.append(stack_resource(context.environment))
    return [judge(rule, resource, context, waivers) for rule, resource in questions(rules, subjects)]


def questions(rules: Iterable[Rule], subjects: Sequence[Resource]) -> Iterator[tuple[Rule, Resource]]:
    """Each rule with each of its subjects."""
    types = {resource.type for resource in subjects}
    for rule in rules:
        judged = {type_ for type_ in types if rule.judges_type(type_)}
        for resource in subjects if judged else ():
            if resource.type in judged and rule.takes(resource):
                yield rule, resource


def stack_resource(environment: str) -> Resource:
    """Stands for the stack where the engine or a state file has no resource for it."""
    return Resource(
        urn=f"urn:pulumi:{environment}::groundplan::{STACK}::groundplan-{environment}",
        type=STACK,
        name=f"groundplan-{environment}",
    )


def _without_secrets(finding: Finding, resource: Resource, context: Context) -> Finding:
    """The finding with every secret of its subject and of the stack taken out of its texts."""
    message, key = finding.message, finding.key
    for secret in secret_texts(resource.properties) | context.stack.secrets:
        message, key = message.replace(secret, "(secret)"), key.replace(secret, "(secret)")
    return replace(finding, message=message, key=key)


def _watched(resource: Resource) -> Resource:
    """The same resource with a view that nobody has read from yet."""
    watched = object.__new__(Resource)  # `copy` would ask how; this runs for each rule on each resource
    watched.__dict__.update(resource.__dict__, view=View(resource.properties))
    return watched
