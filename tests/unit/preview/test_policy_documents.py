"""What a policy document allows beyond another one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from groundplan.preview.policy_documents import is_policy, widening
from groundplan.preview.reviewers.access import describe


def policy(*statements: dict[str, Any]) -> str:
    """A document as programs write it."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: Any, resources: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


READ = allow(["s3:GetObject", "s3:ListBucket"], ["arn:aws:s3:::lake", "arn:aws:s3:::lake/*"])
IN_REGION = {"StringEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1"]}}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (policy(READ), policy(READ)),
        (policy(allow("s3:*")), policy(READ)),
        (policy(READ), policy(allow("s3:GetObject", "arn:aws:s3:::lake/raw/*"))),
        (policy(allow(["a:B", "c:D"])), policy(allow("c:D"), allow("a:B"))),
        (policy(READ), policy(allow("S3:getobject", "arn:aws:s3:::lake/*"))),
        (policy(READ), policy({**READ, "Condition": IN_REGION})),
        (
            policy({**READ, "Condition": IN_REGION}),
            policy({**READ, "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}}),
        ),
        (policy(READ), None),
    ],
    ids=["same", "wildcard", "narrower", "order", "case", "condition", "fewer values", "deleted"],
)
def test_nothing_is_gained(old: str, new: str | None) -> None:
    """Less, or the same in other words."""
    assert not widening(old, new)


@pytest.mark.parametrize(
    ("old", "new", "gained"),
    [
        (policy(READ), policy(READ, allow("s3:PutObject", "arn:aws:s3:::lake/*")),
         ["s3:PutObject on arn:aws:s3:::lake/*"]),
        (policy(allow("s3:GetObject")), policy(allow("s3:*")), ["s3:* on *"]),
        (policy({**READ, "Condition": IN_REGION}), policy(READ),
         ["s3:GetObject, s3:ListBucket on arn:aws:s3:::lake, arn:aws:s3:::lake/*"]),
        (None, policy(allow("sts:AssumeRole", None, Principal={"AWS": "*"})),
         ["sts:AssumeRole by everyone"]),
        (policy(allow("sts:AssumeRole", None, Principal={"Service": "a.amazonaws.com"})),
         policy(allow("sts:AssumeRole", None, Principal={"Service": ["a.amazonaws.com", "b.amazonaws.com"]})),
         ["sts:AssumeRole by Service:b.amazonaws.com"]),
        (policy(allow("a:B", "*", Condition={"StringEquals": {"k": "x"}})),
         policy(allow("a:B", "*", Condition={"StringEquals": {"k": ["x", "y"]}})),
         ["a:B on * if k StringEquals y"]),
        (policy(allow("a:B", "*", Condition={"StringNotEquals": {"k": ["x", "y"]}})),
         policy(allow("a:B", "*", Condition={"StringNotEquals": {"k": ["x"]}})),
         ["a:B on * if k StringNotEquals x"]),
        (policy(READ), policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
         ["not iam:* on *"]),
    ],
    ids=["action", "wildcard", "condition lifted", "everyone", "principal", "value", "negated", "NotAction"],
)  # fmt: skip
def test_what_is_gained_is_named(old: str | None, new: str, gained: list[str]) -> None:
    """Exactly what the old one did not allow."""
    found = widening(old, new)
    assert found
    assert describe(found.gained) == gained


def test_a_denial_that_is_gone_is_told() -> None:
    """It may be allowed elsewhere."""
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Principal": "*"}
    found = widening(policy(READ, deny), policy(READ))
    assert found
    assert describe(found.denials_lost) == ["s3:* on * by everyone"]
    assert not widening(policy(READ), policy(READ, deny))


def test_an_unknown_document_is_not_compared() -> None:
    """Neither wider nor not: it is said that it is unknown."""
    assert widening(policy(READ), "04da6b54-80e4-46f7-96ec-b56ff0331ba9") is None


@pytest.mark.parametrize("value", [None, "", "{", "text", "{}", 7, [], '{"Resources": []}'])
def test_other_texts_are_no_policies(value: object) -> None:
    """Whatever an input holds, looking at it fails nowhere."""
    assert not is_policy(value)
