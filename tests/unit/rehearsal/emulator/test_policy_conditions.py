"""The condition operators, one by one, as IAM documents them."""

from __future__ import annotations

from typing import Any

import pytest

from groundplan.rehearsal.emulator.policy_conditions import UnknownConditionError, satisfied

CONTEXT = {
    "s3:here": "Value",
    "s3:gone": None,
    "s3:tlsversion": "1.3",
    "aws:sourceip": "10.0.1.7",
    "aws:principalarn": "arn:aws:iam::123456789012:role/path/name",
    "aws:securetransport": "true",
}


@pytest.mark.parametrize(
    ("operator", "key", "values", "expected"),
    [
        ("StringEquals", "s3:Here", "Value", True),
        ("StringEquals", "s3:here", ["other", "Value"], True),
        ("StringEquals", "s3:here", "value", False),
        ("StringEqualsIgnoreCase", "s3:here", "value", True),
        ("StringNotEquals", "s3:here", ["other", "Value"], False),
        ("StringNotEquals", "s3:here", ["other", "another"], True),
        ("StringNotEqualsIgnoreCase", "s3:here", "VALUE", False),
        ("StringLike", "s3:here", "V?l*", True),
        ("StringLike", "s3:here", "[V]alue", False),
        ("StringNotLike", "s3:here", "V*", False),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/*", True),
        ("ArnLike", "aws:PrincipalArn", "arn:*", False),
        ("ArnEquals", "aws:PrincipalArn", "arn:aws:iam::123456789012:role/path/n?me", True),
        ("ArnNotEquals", "aws:PrincipalArn", "arn:aws:iam::123456789012:role/other", True),
        ("Bool", "aws:SecureTransport", "True", True),
        ("Bool", "aws:SecureTransport", False, False),
        ("IpAddress", "aws:SourceIp", ["192.0.2.0/24", "10.0.0.0/16"], True),
        ("NotIpAddress", "aws:SourceIp", "10.0.1.7", False),
        ("NumericLessThan", "s3:TlsVersion", "1.2", False),
        ("NumericGreaterThanEquals", "s3:TlsVersion", 1.3, True),
        ("NumericLessThan", "s3:here", "1.2", False),
        # keys that the request does not have
        ("StringEquals", "s3:gone", "x", False),
        ("StringNotEquals", "s3:gone", "x", True),
        ("StringEqualsIfExists", "s3:gone", "x", True),
        ("StringNotEqualsIfExists", "s3:gone", "x", True),
        ("NumericLessThan", "s3:gone", "1.2", False),
        ("StringEqualsIfExists", "s3:here", "x", False),
        ("Null", "s3:gone", "true", True),
        ("Null", "s3:gone", "false", False),
        ("Null", "s3:here", False, True),
    ],
)
def test_operator(operator: str, key: str, values: Any, expected: bool) -> None:
    """One operator on one key."""
    assert satisfied({operator: {key: values}}, CONTEXT) is expected


def test_all_operators_and_keys_must_hold() -> None:
    """One that does not hold is enough for the whole condition not to."""
    holds, fails = {"s3:here": "Value"}, {"s3:tlsversion": "0"}
    assert satisfied({}, CONTEXT)
    assert satisfied({"StringEquals": holds, "NumericNotEquals": fails}, CONTEXT)
    assert not satisfied({"StringEquals": holds | fails}, CONTEXT)
    assert not satisfied({"StringEquals": holds, "NumericEquals": fails}, CONTEXT)


@pytest.mark.parametrize("operator", ["StringNotBool", "NotBool", "NullIfExists", "ForAnyValue:StringEquals"])
def test_operators_that_do_not_exist(operator: str) -> None:
    """They are errors, not conditions that hold or fail."""
    with pytest.raises(UnknownConditionError, match=operator):
        satisfied({operator: {"s3:here": "x"}}, CONTEXT)
