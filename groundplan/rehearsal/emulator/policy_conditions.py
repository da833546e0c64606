"""The condition operators of IAM policies, for the statements of resource policies.

What IAM documents holds here: several operators or keys must all be satisfied, of several values one (of a
negated operator: none); a key that the request does not have satisfies negated operators and `...IfExists`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

Context = Mapping[str, str | None]
"""Condition key in lower case -> its value; None for a key that is known and not in this request."""

_IF_EXISTS = "IfExists"


class UnknownConditionError(Exception):
    """A condition that nothing is known about: an operator, a key or a policy variable."""


def glob(pattern: str, value: str, *, ignore_case: bool = False) -> bool:
    """Whether `value` fits a pattern in which `*` stands for anything and `?` for one character."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return re.fullmatch(expression, value, flags) is not None


def as_list(value: Any) -> Sequence[Any]:
    """The elements of what a policy may write as one value or as a list."""
    return value if isinstance(value, list) else [value]


def satisfied(condition: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Whether a request with these keys satisfies the `Condition` of a statement.

    Raises:
        UnknownConditionError: an operator, key or policy variable in it is none of those implemented.
    """
    # All are evaluated, so that an unknown one shows whatever the others say.
    results = [
        _holds(operator, key, [_text(value) for value in as_list(values)], context)
        for operator, tests in condition.items()
        for key, values in tests.items()
    ]
    return all(results)


def _holds(operator: str, key: str, wanted: Sequence[str], context: Context) -> bool:
    if key.lower() not in context:
        raise UnknownConditionError(f"condition key {key}")
    actual = context[key.lower()]
    if operator == "Null":
        return any((actual is None) == (value.lower() == "true") for value in wanted)
    base = operator.removesuffix(_IF_EXISTS)
    negated = base in _NEGATED
    compare = _OPERATORS.get(base.replace("Not", "") if negated else base)
    if compare is None:
        raise UnknownConditionError(f"condition operator {operator}")
    if actual is None:
        return negated or operator.endswith(_IF_EXISTS)
    return any(compare(value, actual) for value in wanted) != negated


def _text(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if "${" in text:
        raise UnknownConditionError(f"policy variable {text}")
    return text


def _arn_like(pattern: str, value: str) -> bool:
    wanted, actual = pattern.split(":", 5), value.split(":", 5)
    return len(wanted) == len(actual) and all(map(glob, wanted, actual))


def _numeric(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    def compared(wanted: str, actual: str) -> bool:
        try:
            return compare(float(actual), float(wanted))
        except ValueError:
            return False

    return compared


_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "Bool": lambda wanted, actual: wanted.lower() == actual.lower(),
    "StringEquals": lambda wanted, actual: wanted == actual,
    "StringEqualsIgnoreCase": lambda wanted, actual: wanted.lower() == actual.lower(),
    "StringLike": glob,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "IpAddress": lambda wanted, actual: ip_address(actual) in ip_network(wanted, strict=False),
    "NumericEquals": _numeric(lambda actual, wanted: actual == wanted),
    "NumericLessThan": _numeric(lambda actual, wanted: actual < wanted),
    "NumericLessThanEquals": _numeric(lambda actual, wanted: actual <= wanted),
    "NumericGreaterThan": _numeric(lambda actual, wanted: actual > wanted),
    "NumericGreaterThanEquals": _numeric(lambda actual, wanted: actual >= wanted),
}
_NEGATED = {
    "StringNotEquals",
    "StringNotEqualsIgnoreCase",
    "StringNotLike",
    "ArnNotEquals",
    "ArnNotLike",
    "NotIpAddress",
    "NumericNotEquals",
}
