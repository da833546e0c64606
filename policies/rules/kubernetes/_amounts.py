"""Values under keys that hold dots: amounts of resources, and labels."""

from __future__ import annotations

import re

from policies.core.values import View, WrongTypeError

_AMOUNT = re.compile(r"\d+(\.\d+)?(m|[kMGTPE]i?)?")


def amount(amounts: View, key: str) -> str | None:
    """The amount of a resource, as text; None where there is none.

    Raises:
        WrongTypeError: it is neither a number nor a text like `512Mi`.
    """
    value = amounts.value_of(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise WrongTypeError(amounts.where(key), "an amount", value)
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if not _AMOUNT.fullmatch(text):
        raise WrongTypeError(amounts.where(key), "an amount", value)
    return text


def count(amounts: View, key: str) -> float:
    """The amount of a resource that comes in pieces; 0 where there is none.

    Raises:
        WrongTypeError: it is no number.
    """
    text = amount(amounts, key) or "0"
    try:
        return float(text)
    except ValueError:
        raise WrongTypeError(amounts.where(key), "a number", text) from None


def label(labels: View, key: str) -> str:
    """The value of a label or annotation; empty where there is none.

    Raises:
        WrongTypeError: it is no text.
    """
    value = labels.value_of(key)
    if value is not None and not isinstance(value, str):
        raise WrongTypeError(labels.where(key), "a text", value)
    return value or ""
