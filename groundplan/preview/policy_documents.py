"""IAM policy documents: what a new one allows that the old one did not.

A document is taken apart into grants of one principal, one action and one resource. A grant is gained if no
grant of the old document covers it: wildcards cover what they match, no condition covers any condition. Where
`NotAction`, `NotResource` or `NotPrincipal` is used, only an equal grant covers; that errs on the loud side.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Any

from groundplan.preview.values import holds_unknown

EVERYONE = "*"
_NARROWING = frozenset(
    {"StringEquals", "StringLike", "ArnEquals", "ArnLike", "StringEqualsIgnoreCase", "Bool", "IpAddress"}
)
"""Operators that allow less with fewer values. Of the others only an equal condition covers."""

Condition = tuple[tuple[str, str, tuple[str, ...]], ...]


@dataclass(frozen=True, kw_only=True, order=True)
class Grant:
    """One principal may do one action on one resource.

    Args:
        principal: e.g. `AWS:arn:aws:iam::123456789012:root`; empty where the document is attached to one.
        action: e.g. `s3:GetObject`; with `NotAction`, `not s3:GetObject, ...`.
        resource: an ARN or a pattern of one; empty in a trust policy.
        condition: operator, key and values of each; all must hold.
    """

    principal: str
    action: str
    resource: str
    condition: Condition = ()


@dataclass(frozen=True, kw_only=True)
class Widening:
    """What a new document allows beyond an old one.

    Args:
        gained: grants that the old one did not have.
        denials_lost: denials that the new one does not have.
    """

    gained: tuple[Grant, ...]
    denials_lost: tuple[Grant, ...]

    def __bool__(self) -> bool:
        return bool(self.gained or self.denials_lost)


def is_policy(value: Any) -> bool:
    """Whether a value is a policy document."""
    return _parsed(value) is not None


def widening(old: Any, new: Any) -> Widening | None:
    """What `new` allows beyond `old`; either may be None. None if it depends on what is not known yet."""
    if holds_unknown(old) or holds_unknown(new):
        return None
    before, after = _parsed(old) or {}, _parsed(new) or {}
    allowed, allows = set(_grants(before, "Allow")), set(_grants(after, "Allow"))
    denied, denies = set(_grants(before, "Deny")), set(_grants(after, "Deny"))
    gained = {
        _without_known_values(new_one, allowed)
        for new_one in allows
        if not any(_covers(old_one, new_one) for old_one in allowed)
    }
    lost = {old_one for old_one in denied if not any(_covers(new_one, old_one) for new_one in denies)}
    return Widening(gained=tuple(sorted(gained)), denials_lost=tuple(sorted(lost)))


def _without_known_values(grant: Grant, known: set[Grant]) -> Grant:
    """Where an old grant has fewer values in one condition and is else equal: the grant with the new ones."""
    for old in known:
        if (old.principal, old.action, old.resource) != (grant.principal, grant.action, grant.resource):
            continue
        terms = [term for term in grant.condition if term not in old.condition]
        old_terms = [term for term in old.condition if term not in grant.condition]
        if (
            len(terms) == len(old_terms) == 1
            and terms[0][:2] == old_terms[0][:2]
            and _implies(old_terms[0], terms[0])
        ):
            operator, key, values = terms[0]
            added = (operator, key, tuple(value for value in values if value not in old_terms[0][2]))
            condition = tuple(added if term == terms[0] else term for term in grant.condition)
            return replace(grant, condition=condition)
    return grant


def _parsed(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return value if isinstance(value, Mapping) and "Statement" in value else None


def _grants(document: Mapping[str, Any], effect: str) -> Iterator[Grant]:
    statements = document.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        if statement.get("Effect") != effect:
            continue
        condition = _condition(statement.get("Condition") or {})
        parts = product(
            _principals(statement), _listed(statement, "Action"), _listed(statement, "Resource") or [""]
        )
        for principal, action, resource in parts:
            yield Grant(principal=principal, action=action, resource=resource, condition=condition)


def _principals(statement: Mapping[str, Any]) -> list[str]:
    negated = "NotPrincipal" in statement
    principal = statement.get("NotPrincipal" if negated else "Principal")
    if principal is None:
        return [""]
    if principal == EVERYONE or (isinstance(principal, Mapping) and _texts(principal.get("AWS")) == ["*"]):
        return [EVERYONE]
    named = [f"{kind}:{name}" for kind, names in sorted(principal.items()) for name in _texts(names)]
    return [f"not {', '.join(named)}"] if negated else named


def _listed(statement: Mapping[str, Any], key: str) -> list[str]:
    if f"Not{key}" in statement:
        return [f"not {', '.join(_texts(statement[f'Not{key}']))}"]
    return _texts(statement.get(key))


def _condition(condition: Mapping[str, Any]) -> Condition:
    return tuple(
        sorted(
            (operator, key, tuple(sorted(_texts(values))))
            for operator, keys in condition.items()
            for key, values in keys.items()
        )
    )


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    values = value if isinstance(value, list) else [value]
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in values]


def _covers(wide: Grant, narrow: Grant) -> bool:
    return (
        wide.principal in (narrow.principal, EVERYONE)
        and _matches(wide.action.lower(), narrow.action.lower())
        and _matches(wide.resource, narrow.resource)
        and _condition_covers(wide.condition, narrow.condition)
    )


def _condition_covers(wide: Condition, narrow: Condition) -> bool:
    """Whether all that satisfies `narrow` satisfies `wide`."""
    return all(any(_implies(strict, loose) for strict in narrow) for loose in wide)


def _implies(strict: tuple[str, str, tuple[str, ...]], loose: tuple[str, str, tuple[str, ...]]) -> bool:
    if strict == loose:
        return True
    same_key = strict[:2] == loose[:2]
    return same_key and strict[0] in _NARROWING and set(strict[2]) <= set(loose[2])


def _matches(pattern: str, text: str) -> bool:
    if pattern == text:
        return True
    return not pattern.startswith("not ") and bool(_pattern(pattern).fullmatch(text))


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """IAM's wildcards, `*` and `?`; all else means itself."""
    return re.compile("".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in text))
