"""Who would be allowed more: IAM policies of all kinds, attachments, and access to the cluster."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from groundplan.preview.changes import Change
from groundplan.preview.findings import Finding, Section, Weight
from groundplan.preview.policy_documents import EVERYONE, Condition, Grant, is_policy, widening
from groundplan.preview.values import code, holds_unknown

_ATTACHMENTS = {
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ("role", "policyArn"),
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": ("user", "policyArn"),
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": ("group", "policyArn"),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": ("principalArn", "policyArn"),
    "aws:eks/accessEntry:AccessEntry": ("principalArn", "kubernetesGroups"),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": ("serviceAccount", "roleArn"),
}
"""Types that give somebody something: the inputs that say who, and what."""
_POWERFUL = ("administratoraccess", "clusteradminpolicy", "poweruseraccess", "iamfullaccess")
_BOUNDARY = "permissionsBoundary"


def review(changes: Sequence[Change]) -> Iterator[Finding]:
    """A finding for each document that allows more, each new attachment and each boundary that is lifted."""
    for change in changes:
        if change.operation in {None, "delete"}:
            yield from _denials_gone(change)
            continue
        yield from _documents(change)
        yield from _attachment(change)
        if change.input(_BOUNDARY, before=True) and not change.input(_BOUNDARY):
            yield _finding(change, Weight.DANGER, "would have no permissions boundary any more.")


def _documents(change: Change) -> Iterator[Finding]:
    for name, value in sorted((change.new or {}).items()):
        old = (change.old or {}).get(name)
        if value == old or not (is_policy(value) or is_policy(old)):
            continue
        wider = widening(old, value)
        if wider is None:
            yield _finding(
                change,
                Weight.WARNING,
                f"has a {code(name)} that is known only after apply: what it allows could not be compared.",
            )
            continue
        if change.operation == "replace":  # what the old one denied something on is gone as well
            wider = replace(wider, denials_lost=())
        if wider:
            facts = [f"+ {line}" for line in describe(wider.gained)]
            facts += [f"- no longer denied: {line}" for line in describe(wider.denials_lost)]
            kind = "trust policy" if name == "assumeRolePolicy" else code(name)
            verb = "would be created with" if change.operation == "create" else "would allow more by"
            yield _finding(change, _weight(wider.gained, change), f"{verb} its {kind}.", facts)


def _denials_gone(change: Change) -> Iterator[Finding]:
    """A deleted document allows nothing any more; but what it denied to others may be allowed elsewhere."""
    for name, old in sorted((change.old or {}).items()):
        lost = widening(old, None) if change.operation == "delete" and is_policy(old) else None
        denials = [grant for grant in lost.denials_lost if grant.principal] if lost else []
        if denials:
            facts = [f"- no longer denied: {line}" for line in describe(denials)]
            text = f"would be deleted, with the denials of its {code(name)}."
            yield _finding(change, Weight.WARNING, text, facts)


def _attachment(change: Change) -> Iterator[Finding]:
    if change.type not in _ATTACHMENTS:
        return
    who, what = _ATTACHMENTS[change.type]
    before = (change.input(who, before=True), change.input(what, before=True))
    after = (change.input(who), change.input(what))
    if before == after or not after[1]:
        return
    unknown = holds_unknown(after[0]) or holds_unknown(after[1])
    powerful = any(word in str(after[1]).lower() for word in _POWERFUL)
    text = f"would give {_said(after[1])} to {_said(after[0])}."
    # Who or what is unknown yet is created by the same change, and what it may do is told there.
    yield _finding(change, Weight.DANGER if powerful else Weight.NOTE if unknown else Weight.WARNING, text)


def describe(grants: Iterable[Grant]) -> list[str]:
    """Grants in lines: actions of one principal on one resource together."""
    together: dict[tuple[str, tuple[str, ...], Condition], set[str]] = defaultdict(set)
    resources: dict[tuple[str, str, Condition], set[str]] = defaultdict(set)
    for grant in grants:
        resources[grant.principal, grant.action, grant.condition].add(grant.resource)
    for (principal, action, condition), on in resources.items():
        together[principal, tuple(sorted(on)), condition].add(action)
    return sorted(_line(*key, sorted(actions)) for key, actions in together.items())


def _line(principal: str, resources: tuple[str, ...], condition: Condition, actions: list[str]) -> str:
    who = "everyone" if principal == EVERYONE else principal
    parts = [", ".join(actions)]
    if any(resources):
        parts.append("on " + ", ".join(resources))
    if principal:
        parts.append(f"by {who}")
    if condition:
        terms = (f"{key} {operator} {' | '.join(values)}" for operator, key, values in condition)
        parts.append(f"if {' and '.join(terms)}")
    return " ".join(parts)


def _weight(gained: Sequence[Grant], change: Change) -> Weight:
    if any(_dangerous(grant) for grant in gained):
        return Weight.DANGER
    return Weight.NOTE if change.operation == "create" else Weight.WARNING


def _dangerous(grant: Grant) -> bool:
    """Everyone, every action, or every action of a service on everything."""
    everyone = grant.principal == EVERYONE and not grant.condition
    on_all = grant.resource == "*" and not grant.principal  # in a key's policy `*` is that key
    whole_service = grant.action.endswith(":*") or grant.action.lower() == "iam:passrole"
    return everyone or grant.action == "*" or (on_all and whole_service)


def _said(value: object) -> str:
    if holds_unknown(value):
        return "(known after apply)"
    return ", ".join(map(code, value)) if isinstance(value, list) else code(value)


def _finding(change: Change, weight: Weight, text: str, facts: Iterable[str] = ()) -> Finding:
    return Finding(
        section=Section.ACCESS,
        weight=weight,
        subject=f"{change.kind} {change.name}",
        urn=change.urn,
        text=text,
        facts=tuple(facts),
    )
