"""Completion and validation of inputs, and of the provider's configuration."""

from __future__ import annotations

from typing import Any

import pytest

from groundplan.rehearsal.providers.kubernetes import configuration
from groundplan.rehearsal.providers.kubernetes.check import Checked, check
from groundplan.rehearsal.providers.kubernetes.objects import Token
from groundplan.rehearsal.providers.kubernetes.settings import parse, problems
from groundplan.rehearsal.providers.kubernetes.values import UNKNOWN, Secret


def _check(news: dict[str, Any], olds: dict[str, Any] | None = None, seed: bytes = b"seed") -> Checked:
    return check(
        name="Thing",
        token=Token("v1", "ConfigMap"),
        olds=olds or {},
        news=news,
        seed=seed,
        namespaced=lambda _version, kind: kind == "ConfigMap",
        default_namespace="team",
    )


def test_name_namespace_and_kind_are_filled_in() -> None:
    """A resource that names nothing gets a unique name in the provider's namespace."""
    inputs = _check({}).inputs
    assert (inputs["apiVersion"], inputs["kind"]) == ("v1", "ConfigMap")
    assert inputs["metadata"]["namespace"] == "team"
    assert inputs["metadata"]["name"].startswith("thing-")
    assert inputs["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}


def test_made_up_name_is_kept_and_renewed() -> None:
    """An update keeps the name of the state; a replacement, with another seed, gets another one."""
    first = _check({}).inputs
    assert _check({}, first, b"other").inputs == first
    assert _check({}, None, b"other").inputs["metadata"]["name"] != first["metadata"]["name"]


def test_given_names_unknowns_and_secrets_are_left_alone() -> None:
    """What the program says stays as it is."""
    given = {"metadata": {"name": "a", "namespace": "b"}, "data": Secret({"k": UNKNOWN})}
    assert _check(given).inputs == {"apiVersion": "v1", "kind": "ConfigMap", **given}
    assert _check({"metadata": UNKNOWN}).inputs["metadata"] is UNKNOWN
    assert _check({"metadata": {"name": UNKNOWN}}).inputs["metadata"]["name"] is UNKNOWN


def test_cluster_wide_kinds_get_no_namespace() -> None:
    """Only what lives in namespaces is put into one."""
    assert "namespace" not in _check({"kind": "Namespace", "metadata": {"name": "a"}}).inputs["metadata"]


@pytest.mark.parametrize(
    ("metadata", "property_path"),
    [
        ({"managedFields": [{}]}, "metadata.managedFields"),
        ({"generateName": "a-"}, "metadata.generateName"),
        ({"annotations": {"pulumi.com/waitFor": "x"}}, 'metadata.annotations["pulumi.com/waitFor"]'),
    ],
)
def test_metadata_that_cannot_work(metadata: dict[str, Any], property_path: str) -> None:
    """The failure names the property."""
    assert list(_check({"metadata": metadata}).failures) == [property_path]


def test_configuration_in_the_spelling_of_sdks() -> None:
    """SDKs send booleans as JSON text."""
    settings = parse({"kubeconfig": Secret("x"), "enableConfigMapMutable": "true", "version": "4.34.2"})
    assert (settings.kubeconfig, settings.enable_config_map_mutable) == ("x", True)


def test_configuration_that_has_no_meaning_here() -> None:
    """An unknown setting is named with those that are supported; client-side apply is refused."""
    found = problems({"renderYamlToDirectory": "x", "enableServerSideApply": "false", "kubeconfig": UNKNOWN})
    assert sorted(found) == ["enableServerSideApply", "renderYamlToDirectory"]
    assert "kubeconfig" in found["renderYamlToDirectory"]


KUBECONFIG = """
current-context: c
contexts: [{{name: c, context: {{cluster: k}}}}]
clusters: [{{name: k, cluster: {{server: "{server}"}}}}]
"""


def test_another_cluster_replaces_the_provider() -> None:
    """A new login is an update; a new server means other objects; an unknown one waits."""
    old = {"kubeconfig": KUBECONFIG.format(server="https://a")}
    login = {"kubeconfig": KUBECONFIG.format(server="https://a") + "users: []\n"}
    other = {"kubeconfig": KUBECONFIG.format(server="https://b")}
    assert configuration.compare(old, old) == ([], [])
    assert configuration.compare(old, login) == (["kubeconfig"], [])
    assert configuration.compare(old, other) == (["kubeconfig"], ["kubeconfig"])
    assert configuration.compare(old, {"kubeconfig": UNKNOWN}) == (["kubeconfig"], [])
    same = {"clusterIdentifier": "one"}
    assert configuration.compare(old | same, other | same) == (["kubeconfig"], [])
