"""From the engine's words to what changes."""

from __future__ import annotations

import pytest

from groundplan.preview.changes import counts
from groundplan.preview.properties import split_path
from groundplan.preview.values import SECRET, UNKNOWN, shown

from .previews import changes, step

BUCKET = "aws:s3/bucket:Bucket"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def test_a_replacement_names_its_reason() -> None:
    """Of two changed inputs, the one that forces it."""
    (change,) = changes(
        step("replace", BUCKET, {"bucket": "a", "x": 1}, {"bucket": "b", "x": 2}, replaceReasons=["bucket"])
    )
    assert change.operation == "replace"
    assert change.replaced_by == ("bucket",)
    assert [prop.path for prop in change.properties] == ["bucket", "x"]


def test_reasons_of_a_detailed_diff_count_as_well() -> None:
    """The official providers say it by property."""
    diff = {"vpcConfig.subnetIds[0]": {"kind": "update-replace", "inputDiff": True}}
    old, new = {"vpcConfig": {"subnetIds": ["a", "b"]}}, {"vpcConfig": {"subnetIds": ["c", "b"]}}
    (change,) = changes(step("replace", "aws:eks/cluster:Cluster", old, new, detailedDiff=diff))
    assert change.replaced_by == ("vpcConfig.subnetIds",)
    assert (change.properties[0].old, change.properties[0].new) == (["a"], ["c"])


def test_parts_of_a_replacement_are_one_change() -> None:
    """`--show-replacement-steps` lists them one by one."""
    old, new = {"bucket": "a"}, {"bucket": "b"}
    found = changes(
        step("create-replacement", BUCKET, old, new, replaceReasons=["bucket"]),
        step("delete-replaced", BUCKET, old, None),
    )
    assert counts(found) == {"create": 0, "update": 0, "replace": 1, "delete": 0}


@pytest.mark.parametrize("op", ["same", "read", "refresh", "discard", "read-discard"])
def test_other_words_change_nothing(op: str) -> None:
    """Nothing in the account would be touched."""
    assert changes(step(op, BUCKET, {"bucket": "a"}, {"bucket": "a"})) == ()


def test_components_and_the_stack_are_not_counted() -> None:
    """They are no resources of the account."""
    component = step("create", "groundplan:aws:Lake", None, {})
    component["newState"]["custom"] = False
    assert changes(component, step("update", "pulumi:pulumi:Stack", {}, {})) == ()


def test_lifted_protection_is_a_change_without_an_operation() -> None:
    """The engine calls it `same`."""
    one = step("same", BUCKET, {}, {})
    one["oldState"]["protect"] = True
    (change,) = changes(one)
    assert change.operation is None
    assert change.was_protected
    assert not change.is_protected


def test_policies_are_compared_as_documents() -> None:
    """By their statements' names, whatever their order."""
    old = {"policy": '{"Statement": [{"Sid": "A", "Action": "a:B"}, {"Sid": "C", "Action": "c:D"}]}'}
    new = {"policy": '{"Statement": [{"Sid": "C", "Action": "c:*"}, {"Sid": "A", "Action": "a:B"}]}'}
    (change,) = changes(step("update", "aws:iam/policy:Policy", old, new))
    assert [(prop.path, prop.old, prop.new) for prop in change.properties] == [
        ("policy.Statement[C].Action", "c:D", "c:*")
    ]


def test_what_only_the_provider_sees_is_shown() -> None:
    """Drift: the inputs are equal, the state is not."""
    one = step("update", "aws:ec2/vpc:Vpc", {}, {}, diffReasons=["dhcpOptionsId", "tagsAll"])
    one["oldState"]["outputs"] = {"dhcpOptionsId": "dopt-1"}
    (change,) = changes(one)
    assert {prop.path: shown(prop.new) for prop in change.properties} == {
        "dhcpOptionsId": UNKNOWN,
        "tagsAll": "(as the provider's default tags)",
    }


def test_secrets_are_never_shown() -> None:
    """Neither those that are marked nor those that only their name gives away."""
    marked = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": "canary-1"}
    old = {"masterPassword": "canary-2", "data": marked, "list": [{"secretString": "canary-3"}]}
    new = {"masterPassword": "canary-4", "data": {**marked, "plaintext": "canary-5"}, "list": []}
    (change,) = changes(step("update", "aws:rds/cluster:Cluster", old, new))
    assert "canary" not in repr(change)
    assert SECRET in repr(change.old)


def test_names_that_only_sound_secret_are_shown() -> None:
    """`httpTokens: required` is what a reader wants to see."""
    (change,) = changes(
        step("update", "aws:ec2/launchTemplate:LaunchTemplate",
             {"metadataOptions": {"httpTokens": "required"}}, {"metadataOptions": {"httpTokens": "optional"}})
    )  # fmt: skip
    assert change.properties[0].new == "optional"


def test_unknown_values_are_named() -> None:
    """Not by the engine's number for them."""
    assert shown(UNKNOWN_TEXT) == UNKNOWN
    assert shown(["a", UNKNOWN_TEXT]) == f'["a", "{UNKNOWN}"]'


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("a", ["a"]),
        ("a.b[0].c", ["a", "b", "0", "c"]),
        ('metadata.labels["app.kubernetes.io/name"]', ["metadata", "labels", "app.kubernetes.io/name"]),
        ("policy.Statement[Read].Action", ["policy", "Statement", "Read", "Action"]),
    ],
)
def test_paths_are_taken_apart(path: str, parts: list[str]) -> None:
    """As the engine writes them, and as we do."""
    assert split_path(path) == parts
