"""Differences between inputs, and replacements."""

from __future__ import annotations

import pytest

from groundplan.rehearsal.providers.kubernetes.diff import (
    Change,
    Kind,
    changes,
    refused_as_immutable,
    replaced_by,
    touching,
)
from groundplan.rehearsal.providers.kubernetes.values import UNKNOWN, Secret


def test_equal_inputs_have_no_changes() -> None:
    """Null counts as absent, and a secret mark alone is no change."""
    assert changes({"a": 1, "b": None, "c": Secret([1])}, {"a": 1, "c": [1]}) == []


def test_paths_and_kinds() -> None:
    """Each difference has the path that Pulumi would write."""
    old = {"metadata": {"labels": {"a/b": "1"}}, "spec": {"ports": [{"port": 1}, {"port": 2}], "x": 1}}
    new = {"metadata": {"labels": {"a/b": "2"}}, "spec": {"ports": [{"port": 3}], "y": UNKNOWN}}
    assert {(change.property_path, change.kind) for change in changes(old, new)} == {
        ('metadata.labels["a/b"]', Kind.UPDATE),
        ("spec.ports[0].port", Kind.UPDATE),
        ("spec.ports[1]", Kind.DELETE),
        ("spec.x", Kind.DELETE),
        ("spec.y", Kind.ADD),
    }


def test_true_is_not_one() -> None:
    """Python takes them for equal; the API server does not."""
    assert changes({"a": True}, {"a": 1}) == [Change(("a",), Kind.UPDATE)]


@pytest.mark.parametrize(
    ("group", "kind", "old", "new", "replaces"),
    [
        ("", "ConfigMap", {"data": {"a": "1"}}, {"data": {"a": "2"}}, True),
        ("", "ConfigMap", {"metadata": {"labels": {}}}, {"metadata": {"labels": {"a": "b"}}}, False),
        ("", "Service", {"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}, True),
        ("apps", "Deployment", {"spec": {"selector": {"a": 1}}}, {"spec": {"selector": {"a": 2}}}, True),
        ("apps", "Deployment", {"spec": {"replicas": 1}}, {"spec": {"replicas": 2}}, False),
        ("batch", "Job", {"spec": {"template": {"a": [1]}}}, {"spec": {"template": {"a": [2]}}}, True),
        ("apps", "StatefulSet", {"spec": {"serviceName": "a"}}, {}, True),
    ],
)
def test_replacement_by_table(group: str, kind: str, old: dict, new: dict, *, replaces: bool) -> None:
    """Fields that cannot change replace the object, whether they or what is around them changed."""
    assert bool(touching(changes(old, new), replaced_by(group, kind))) is replaces


def test_mutable_config_maps_keep_their_identity() -> None:
    """The setting of the provider turns the rule off for ConfigMaps only."""
    found = changes({"data": {"a": "1"}}, {"data": {"a": "2"}})
    assert not touching(found, replaced_by("", "ConfigMap", config_map_mutable=True))
    assert touching(found, replaced_by("", "Secret", config_map_mutable=True))


def test_refusal_for_immutability_names_its_changes() -> None:
    """The server's causes pick the changes; a refusal for another reason picks none."""
    found = changes({"spec": {"a": 1, "b": [{"c": 1}]}}, {"spec": {"a": 2, "b": [{"c": 2}]}})
    cause = {"field": "spec.b[0].c", "message": "Invalid value: 2: field is immutable"}
    assert {c.property_path for c in refused_as_immutable(found, "", [cause])} == {"spec.b[0].c"}
    assert len(refused_as_immutable(found, "updates to statefulset spec are forbidden", [])) == 2
    assert refused_as_immutable(found, "must be a number", [{"field": "spec.a", "message": "wrong"}]) == set()
