"""What is said of resources that are not as their state says."""

from __future__ import annotations

import json
from typing import Any

from groundplan.audit.drift import DriftFact, drift_between
from policies.core.resources import Resource
from policies.core.values import Secret

CANARY = "hunter2-AKIAIOSFODNN7EXAMPLE"


def _policy(action: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _resource(type_: str = "aws:iam/policy:Policy", **properties: Any) -> Resource:
    return Resource(
        urn=f"urn:pulumi:dev::groundplan::{type_}::x", type=type_, name="x", properties=properties
    )


def _drift(state: Resource, now: Resource | None, *names: str) -> list[tuple[str, str, str]]:
    """Path, state and now of each property of the one resource."""
    [fact] = drift_between([state], [now] if now else [], {state.urn: names} if names else {})
    assert isinstance(fact, DriftFact)
    assert fact.gone == (now is None)
    return [(each.path, each.state, each.now) for each in fact.properties]


def test_a_document_differs_where_it_differs() -> None:
    """A policy is read as what it says, and the property below it is named."""
    found = _drift(_resource(policy=_policy("s3:Get*")), _resource(policy=_policy("*")), "policy")
    assert found == [("policy.Statement.0.Action", "s3:Get*", "*")]


def test_what_the_provider_calls_equal_is_no_drift() -> None:
    """Another order of a set, and a value that it writes in another way."""
    state, now = _resource(subnetIds=["a", "b"]), _resource(subnetIds=["b", "a"])
    assert drift_between([state], [now], {}) == ()


def test_a_resource_that_is_gone() -> None:
    """It is named; Pulumi's own resources are none of the account."""
    assert _drift(_resource(policy=_policy("*")), None) == []
    assert drift_between([_resource("pulumi:pulumi:Stack")], [], {}) == ()


def test_a_property_that_the_program_does_not_set() -> None:
    """It is named, too."""
    assert _drift(_resource(), _resource(), "versionId") == [("versionId", "(computed)", "(computed)")]


def test_no_secret_is_shown() -> None:
    """Neither a marked one nor a text that may be one."""
    state = _resource(password=Secret(CANARY), note=CANARY)
    now = _resource(password=Secret("other-" + CANARY), note="other-" + CANARY)
    found = _drift(state, now, "note", "password")
    assert [path for path, _, _ in found] == ["note", "password"]
    assert CANARY not in repr(found)
