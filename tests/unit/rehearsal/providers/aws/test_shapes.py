"""Differences between pulumi-aws and the bridge, derived and applied to values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.rpc import UNKNOWN

from groundplan.rehearsal.providers.aws import shapes, values
from groundplan.rehearsal.providers.aws.shapes import Shape
from groundplan.rehearsal.providers.aws.types import ListOf, MapOf, Record, Scalar, Type

_SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


def record(**properties: Type) -> Record:
    """An object type."""
    return Record(lambda: properties)


SDK = record(
    name=Scalar(),
    region=Scalar(),
    tags=MapOf(Scalar()),
    rule=record(days=Scalar()),
    rules=ListOf(record(id=Scalar(), filter=record(prefix=Scalar(), **{"and": record(prefix=Scalar())}))),
    subnetIds=Scalar(),
)
BRIDGE = record(
    alarmName=Scalar(),
    tags=MapOf(Scalar()),
    rule=record(days=Scalar()),
    rules=ListOf(
        record(id=Scalar(), filters=ListOf(record(prefix=Scalar(), ands=ListOf(record(prefix=Scalar())))))
    ),
    subnetIds=ListOf(Scalar()),
)


@pytest.fixture
def shape() -> Shape:
    """What differs between the two types above."""
    found = shapes.derive(SDK, BRIDGE, "aws:cloudwatch/metricAlarm:MetricAlarm")
    assert found is not None
    return found


def struct(plain: Mapping[str, Any]) -> struct_pb2.Struct:
    """Properties on the wire."""
    message = struct_pb2.Struct()
    message.update(plain)
    return message


def to_bridge(plain: Mapping[str, Any], shape: Shape | None) -> dict[str, Any]:
    """Properties after the translation to the bridge."""
    message = struct(plain)
    values.to_bridge(message, shape)
    return json_format.MessageToDict(message)


def to_sdk(plain: Mapping[str, Any], shape: Shape | None) -> dict[str, Any]:
    """Properties after the translation to pulumi-aws."""
    message = struct(plain)
    values.to_sdk(message, shape)
    return json_format.MessageToDict(message)


def test_equal_types_have_no_shape() -> None:
    """Where both agree there is nothing to translate."""
    assert shapes.derive(record(a=ListOf(Scalar())), record(a=ListOf(Scalar()), b=Scalar())) is None


def test_names_and_nesting_are_derived(shape: Shape) -> None:
    """A prefix, a plural and a flattened list are found without a table, and what is missing is named."""
    assert shape.fields["name"].name == "alarmName"
    assert shape.fields["subnetIds"].nesting is shapes.Nesting.WRAPPED
    inner = shape.fields["rules"].inner
    assert inner is not None
    assert inner.each is not None
    assert inner.each.fields["filter"].name == "filters"
    assert shape.missing == {"region"}
    assert "rule" not in shape.fields


def test_values_come_back_as_they_went(shape: Shape) -> None:
    """To the bridge and back, nested lists, maps and numbers included."""
    plain = {
        "name": "a",
        "tags": {"name": "untouched", "rules": "x"},
        "rule": {"days": 3},
        "rules": [{"id": "r", "filter": {"prefix": "p", "and": {"prefix": "q"}}}],
        "subnetIds": "subnet-1",
    }
    bridged = to_bridge(plain, shape)
    assert bridged["alarmName"] == "a"
    assert bridged["tags"] == plain["tags"]
    assert bridged["rules"][0]["filters"][0]["prefix"] == "p"
    assert bridged["subnetIds"] == ["subnet-1"]
    assert to_sdk(bridged, shape) == plain


@pytest.mark.parametrize(
    "inner", [{"filters": []}, {"filters": None}, {}, {"filters": [{"ands": [], "prefix": ""}]}]
)
def test_state_of_the_bridge_survives_exactly(shape: Shape, inner: dict[str, Any]) -> None:
    """An empty list is not null: the bridge recovers Terraform's state only from exactly what it gave."""
    state = {"rules": [{"id": "r", **inner}], "alarmName": "a", "unknownToTheSdk": {"filters": []}}
    assert to_bridge(to_sdk(state, shape), shape) == state


def test_new_value_wins_over_a_remembered_empty_list(shape: Shape) -> None:
    """The mark of an empty list does not erase what the program sets now."""
    remembered = to_sdk({"rules": [{"filters": []}]}, shape)
    remembered["rules"][0]["filter"] = {"prefix": "new"}
    assert to_bridge(remembered, shape)["rules"][0]["filters"] == [{"prefix": "new"}]


@pytest.mark.parametrize("lists", [[], ["pl-1"]])
def test_a_list_that_the_provider_would_leave_out_is_never_empty(lists: list[str]) -> None:
    """It goes with an empty text, which the provider drops, and comes back as it went."""
    access = record(prefixListIds=ListOf(Scalar()), vpceIds=ListOf(Scalar()))
    ours, theirs = record(networkAccessControl=access), record(networkAccessControl=ListOf(access))
    shape = shapes.derive(ours, theirs, "aws:grafana/workspace:Workspace")
    given = {"networkAccessControl": {"prefixListIds": lists, "vpceIds": []}}
    sent = to_bridge(given, shape)
    assert sent == {"networkAccessControl": [{"prefixListIds": lists or [""], "vpceIds": []}]}
    assert to_sdk(sent, shape) == given
    elsewhere = shapes.derive(ours, theirs, "aws:other/workspace:Workspace")
    assert to_bridge(given, elsewhere) == {"networkAccessControl": [given["networkAccessControl"]]}


def test_secrets_and_unknowns_pass(shape: Shape) -> None:
    """A secret stays secret with its value translated; an unknown value stays unknown and is not wrapped."""
    bridged = to_bridge(
        {"subnetIds": UNKNOWN, "rules": {**_SECRET, "value": [{"filter": {"prefix": "p"}}]}}, shape
    )
    assert bridged["subnetIds"] == UNKNOWN
    assert bridged["rules"] == {**_SECRET, "value": [{"filters": [{"prefix": "p"}]}]}
    assert to_sdk(bridged, shape)["rules"]["value"] == [{"filter": {"prefix": "p"}}]


def test_assets_and_references_pass_untouched(shape: Shape) -> None:
    """An object with another signature is nobody's to translate."""
    asset = {
        "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17",
        "text": "x",
        "filter": "y",
    }
    assert to_bridge({"rules": [asset]}, shape) == {"rules": [asset]}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("name", "alarmName"),
        ("rules[1].filter.prefix", "rules[1].filters[0].prefix"),
        ("rules[1].filter.and.prefix", "rules[1].filters[0].ands[0].prefix"),
        ("rules[1].filter", "rules[1].filters"),
        ("subnetIds", "subnetIds"),
        ('tags["a.b/c"]', 'tags["a.b/c"]'),
    ],
)
def test_paths_are_translated_both_ways(shape: Shape, ours: str, theirs: str) -> None:
    """Diffs and check failures name what the program wrote."""
    assert values.path_to_bridge(ours, shape) == theirs
    assert values.path_to_sdk(theirs, shape) == ours


def test_absent_properties_are_named(shape: Shape) -> None:
    """What the bridge does not have is reported where it is set, and not where it is null."""
    assert list(values.absent(struct({"region": "eu-central-1", "name": "a"}), shape)) == ["region"]
    assert list(values.absent(struct({"region": None}), shape)) == []


def test_settings_travel_as_json_text() -> None:
    """Objects among the provider's settings are JSON text on the wire, before and after."""
    shape = shapes.derive(
        record(region=Scalar(), defaultTags=record(tags=MapOf(Scalar()))),
        record(region=Scalar(), defaultTags=ListOf(record(tags=MapOf(Scalar())))),
    )
    message = struct({"region": "eu-central-1", "defaultTags": '{"tags": {"a": "b"}}'})
    values.settings_to_bridge(message, shape)
    assert json_format.MessageToDict(message) == {
        "region": "eu-central-1",
        "defaultTags": '[{"tags": {"a": "b"}}]',
    }
