"""IAM policy documents, brought into one form: every list a list, every principal named with its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a policy document.

    Args:
        path: where it is among the resource's properties, e.g. `policy.Statement.0`.
        sid: its name, or its number.
        allow: False for a denial.
        actions: action patterns as written, e.g. `s3:Get*`; empty where `not_actions` stands.
        not_actions: what NotAction names.
        resources: ARN patterns; empty where `not_resources` stands, and in trust policies.
        not_resources: what NotResource names.
        principals: (kind, value), e.g. `("AWS", "arn:aws:iam::123456789012:root")`, `("*", "*")`.
        conditions: (operator, key in lower case) to its values.
    """

    path: str
    sid: str
    allow: bool
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    principals: tuple[tuple[str, str], ...]
    not_principals: tuple[tuple[str, str], ...]
    conditions: Mapping[tuple[str, str], tuple[str, ...]]

    def covers(self, action: str) -> bool:
        """Whether it speaks about an action, e.g. `kms:Decrypt`. Case does not count; patterns do."""
        if self.not_actions:
            return not any(_matches(pattern, action) for pattern in self.not_actions)
        return any(_matches(pattern, action) for pattern in self.actions)

    def values(self, key: str) -> tuple[str, ...]:
        """The values that any condition on a key compares with."""
        return tuple(
            value for (_, name), values in self.conditions.items() if name == key.lower() for value in values
        )

    def has_condition(self, *keys: str) -> bool:
        """Whether a condition on one of the keys narrows it. An operator that ends in IfExists does not."""
        wanted = {key.lower() for key in keys}
        return any(
            name in wanted and not operator.lower().endswith("ifexists") for operator, name in self.conditions
        )

    @property
    def anybody(self) -> bool:
        """Whether the principal is everybody."""
        return any(value == "*" for _, value in self.principals) or bool(self.not_principals and self.allow)


def statements_of(document: Any, path: str) -> list[Statement]:
    """The statements of a document.

    Raises:
        ValueError: it is not shaped like a policy document.
    """
    if not isinstance(document, Mapping) or "Statement" not in document:
        raise ValueError("no Statement")
    statements = document["Statement"]
    if isinstance(statements, Mapping):
        return [_statement(statements, f"{path}.Statement", 0)]
    if not isinstance(statements, list):
        raise ValueError("Statement is neither object nor list")  # noqa: TRY004 - the document is wrong, not a type of ours
    return [_statement(each, f"{path}.Statement.{index}", index) for index, each in enumerate(statements)]


@lru_cache(maxsize=16384)
def _matches(pattern: str, action: str) -> bool:
    wanted, given = pattern.lower(), action.lower()
    # Most patterns are names: compiling each took a tenth of the time that all rules take together.
    return wanted == given or (("*" in wanted or "?" in wanted) and fnmatchcase(given, wanted))


def _statement(raw: Any, path: str, index: int) -> Statement:
    if not isinstance(raw, Mapping) or raw.get("Effect") not in ("Allow", "Deny"):
        raise ValueError(f"{path} has no Effect of Allow or Deny")
    return Statement(
        path=path,
        sid=str(raw.get("Sid") or index),
        allow=raw["Effect"] == "Allow",
        actions=_texts(raw.get("Action")),
        not_actions=_texts(raw.get("NotAction")),
        resources=_texts(raw.get("Resource")),
        not_resources=_texts(raw.get("NotResource")),
        principals=_principals(raw.get("Principal")),
        not_principals=_principals(raw.get("NotPrincipal")),
        conditions=_conditions(raw.get("Condition")),
    )


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str | int | float | bool) for item in items):
        raise ValueError("a list of texts holds something else")
    return tuple(str(item).lower() if isinstance(item, bool) else str(item) for item in items)


def _principals(value: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(value, Mapping):
        return tuple((kind, name) for kind, names in value.items() for name in _texts(names))
    return tuple(("*", name) for name in _texts(value))


def _conditions(value: Any) -> dict[tuple[str, str], tuple[str, ...]]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(keys, Mapping) for keys in value.values()):
        raise ValueError("Condition is not an object of objects")
    return {
        (str(operator), str(key).lower()): _texts(values)
        for operator, keys in value.items()
        for key, values in keys.items()
    }
