"""Tests of whom a statement lets in, and of which account a stack is in."""

from __future__ import annotations

from typing import Any

import pytest

from policies.core.documents import Statement, statements_of
from policies.core.principals import accounts_of, is_open, own_account, pinned
from policies.core.resources import Resource, Stack
from policies.core.values import UNKNOWN, Secret
from tests.unit.infra.recording import ACCOUNT_ID
from tests.unit.policies.golden import ENVIRONMENTS, golden


def _statement(principal: Any, condition: Any = None) -> Statement:
    raw = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*"}
    (found,) = statements_of({"Statement": raw | ({"Condition": condition} if condition else {})}, "policy")
    return found


def _stack(*texts: Any) -> Stack:
    return Stack(
        Resource(urn=f"urn:{number}", type="aws:x/y:Y", name="y", properties={"deep": [{"text": text}]})
        for number, text in enumerate(texts)
    )


@pytest.mark.parametrize(
    ("principal", "opened", "accounts"),
    [
        ("*", True, set()),
        ({"AWS": "*"}, True, set()),
        ({"AWS": "arn:aws:iam::*:root"}, True, set()),
        ({"AWS": "111111111111"}, False, {"111111111111"}),
        ({"AWS": ["arn:aws-cn:iam::111111111111:root"]}, False, {"111111111111"}),
        ({"AWS": "AROAEXAMPLEEXAMPLE123"}, False, set()),
        ({"Service": "ec2.amazonaws.com"}, False, set()),
    ],
)
def test_principals(principal: Any, opened: bool, accounts: set[str]) -> None:
    """Everybody in all spellings; accounts as ARN and as number; ids and services name none."""
    statement = _statement(principal)
    assert (is_open(statement), accounts_of(statement)) == (opened, accounts)


@pytest.mark.parametrize(
    ("operator", "value", "holds"),
    [
        ("StringEquals", "111111111111", True),
        ("StringLike", "111111111111", True),
        ("ForAnyValue:StringEquals", "111111111111", True),
        ("ForAllValues:StringEquals", "111111111111", False),
        ("StringEqualsIfExists", "111111111111", False),
        ("StringNotEquals", "111111111111", False),
        ("StringLike", "1111*", False),
        ("Null", "false", False),
    ],
)
def test_only_operators_that_need_the_key_pin(operator: str, value: str, holds: bool) -> None:
    """Negated ones, and those that hold of a missing key, leave everybody in."""
    statement = _statement("*", {operator: {"aws:PrincipalAccount": value}})
    assert bool(pinned(statement, "aws:PrincipalAccount")) is holds


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_estate_knows_its_account(environment: str) -> None:
    """Although no property says it."""
    assert own_account(Stack(golden(environment))) == ACCOUNT_ID


def test_an_account_needs_a_majority() -> None:
    """Unknowns and short names do not count; secrets do; a tie leaves every account foreign."""
    ours, other = "arn:aws:iam::111111111111:role/a", "arn:aws:iam::222222222222:role/b"
    assert own_account(_stack(UNKNOWN, "arn:aws:s3:::bucket", 7)) == ""
    assert own_account(_stack(Secret(ours), f"{ours} {other}")) == "111111111111"
    assert own_account(_stack(ours, other)) == ""
