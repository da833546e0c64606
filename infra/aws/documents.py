"""Builds IAM policy documents: identity, resource, key and trust policies have the same grammar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi import Input, Output

Conditions = Mapping[str, Mapping[str, Any]]
Statement = dict[str, Any]


def allow(
    sid: str,
    *,
    actions: Sequence[str],
    resources: Sequence[Input[str]] | None = None,
    principals: Mapping[str, Any] | str | None = None,
    conditions: Conditions | None = None,
) -> Statement:
    """A statement that allows. Trust policies have no `resources`, identity policies no `principals`."""
    return _statement("Allow", sid, actions, resources, principals, conditions)


def deny(
    sid: str,
    *,
    actions: Sequence[str],
    resources: Sequence[Input[str]],
    principals: Mapping[str, Any] | str | None = None,
    conditions: Conditions | None = None,
) -> Statement:
    """A statement that denies, whatever others allow."""
    return _statement("Deny", sid, actions, resources, principals, conditions)


def document(*statements: Statement) -> Output[str]:
    """The policy document as JSON; Outputs inside are awaited."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def service_trust(service: str, *, conditions: Conditions | None = None) -> Output[str]:
    """A trust policy that lets one AWS service assume the role."""
    return document(
        allow(
            "AssumedByService",
            actions=["sts:AssumeRole"],
            principals={"Service": service},
            conditions=conditions,
        )
    )


def _statement(
    effect: str,
    sid: str,
    actions: Sequence[str],
    resources: Sequence[Input[str]] | None,
    principals: Mapping[str, Any] | str | None,
    conditions: Conditions | None,
) -> Statement:
    statement: Statement = {"Sid": sid, "Effect": effect}
    if principals is not None:
        statement["Principal"] = principals
    # A list even of one: AWS takes both, and a reader has to know one form only.
    statement["Action"] = list(actions)
    if resources is not None:
        # One resource stays a plain string, as AWS itself returns it: no difference after a refresh.
        statement["Resource"] = resources[0] if len(resources) == 1 else list(resources)
    if conditions:
        statement["Condition"] = conditions
    return statement
