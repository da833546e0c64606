"""Whom a statement lets in: everybody, some accounts, or nobody outside of one's own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

from policies.core.documents import Statement
from policies.core.resources import Resource, Stack
from policies.core.rule import Context, Finding
from policies.core.values import Secret, View

_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12}):")
_FIELDS = 6
"""An ARN has six fields, the last of which may hold colons."""
_WILD = set("*?")
_EXACT = ("stringequals", "stringequalsignorecase", "arnequals")
_PATTERN = ("stringlike", "arnlike")
ACCOUNT_KEYS = (
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceOwner",
    "kms:CallerAccount",
)
"""Keys whose value names an account."""
BOUNDARY_KEYS = ("aws:PrincipalOrgID", "aws:SourceOrgID", "aws:SourceVpc", "aws:SourceVpce")
"""Keys whose value names an organisation or network."""


def pinned(statement: Statement, *keys: str) -> tuple[str, ...]:
    """The values to which one of the keys is pinned; none where it may be missing or match anything.

    Negated operators pin nothing, nor do those that hold of a missing key.
    """
    wanted = {key.lower() for key in keys}
    found: list[str] = []
    for (operator, key), values in statement.conditions.items():
        plain = operator.lower().removeprefix("foranyvalue:")
        if key in wanted and plain in _EXACT + _PATTERN and all(_definite(value) for value in values):
            found.extend(values)
    return tuple(found)


def is_open(statement: Statement) -> bool:
    """Whether principals of any account are meant, before conditions."""
    return statement.anybody or any(
        kind == "AWS" and not account_of(value) and not _unique_id(value)
        for kind, value in statement.principals
    )


def account_of(principal: str) -> str:
    """The account of an AWS principal, which may be written as its number; empty where it names none."""
    if re.fullmatch(r"\d{12}", principal):
        return principal
    found = _ARN.match(principal)
    return found.group(1) if found else ""


def accounts_of(statement: Statement) -> set[str]:
    """The accounts that a statement names: in its principals or, where it is open, in its conditions."""
    values = pinned(statement, *ACCOUNT_KEYS) if is_open(statement) else _aws_principals(statement)
    return {account for value in values if (account := account_of(value))}


@lru_cache(maxsize=8)
def own_account(stack: Stack) -> str:
    """The account that a stack is deployed to: the one that most ARNs in its properties name.

    No property says it, and ids are known only after the update; but its policies are written for one
    account. Empty where there is no such majority: then every account counts as foreign.
    """
    counts: Counter[str] = Counter()
    for resource in stack.resources:
        counts.update(_accounts_in(resource))
    ranked = counts.most_common(2)
    if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return ""
    return ranked[0][0]


def _accounts_in(resource: Resource) -> list[str]:
    if resource.is_kubernetes:
        return []
    texts = (
        value.value if isinstance(value, Secret) else value for _, value in View(resource.properties).leaves()
    )
    return [account for text in texts if isinstance(text, str) for account in _ARN.findall(text)]


def _aws_principals(statement: Statement) -> tuple[str, ...]:
    return tuple(value for kind, value in statement.principals if kind == "AWS")


def _unique_id(value: str) -> bool:
    """AWS writes the id of a role or user that was deleted in the place of its ARN."""
    return bool(re.fullmatch(r"A[A-Z0-9]{15,}", value))


def _definite(value: str) -> bool:
    """Whether a value leaves no account open: in an ARN, only a part of its last field may be a pattern."""
    if not value.startswith("arn:"):
        return not _WILD & set(value)
    *head, last = value.split(":", _FIELDS - 1)
    return len(head) == _FIELDS - 1 and not _WILD & set("".join(head)) and last != "*"


def strangers(statements: Iterable[Statement], context: Context) -> Iterator[Finding]:
    """A finding for each allowance that lets in everybody, or an account neither ours nor trusted."""
    known = {own_account(context.stack), *context.settings.trusted_accounts}
    for statement in statements:
        if not statement.allow:
            continue
        if is_open(statement) and not pinned(statement, *ACCOUNT_KEYS, *BOUNDARY_KEYS):
            yield Finding(path=statement.path, message="lets everybody in", key=statement.sid)
        if accounts_of(statement) - known:
            message = "lets an account in that is not in trusted_accounts"
            yield Finding(path=statement.path, message=message, key=statement.sid)
