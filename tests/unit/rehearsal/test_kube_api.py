"""Paths and conditions of Kubernetes objects."""

from __future__ import annotations

from typing import Any

import pytest

from groundplan.rehearsal import kube_api


@pytest.mark.parametrize(
    ("version", "kind", "namespace", "path"),
    [
        ("v1", "ConfigMap", "kube-system", "/api/v1/namespaces/kube-system/configmaps/x"),
        ("apps/v1", "Deployment", "a", "/apis/apps/v1/namespaces/a/deployments/x"),
        (
            "rbac.authorization.k8s.io/v1",
            "ClusterRole",
            None,
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/x",
        ),
    ],
)
def test_path_of_an_object(version: str, kind: str, namespace: str | None, path: str) -> None:
    """The core group, other groups, and objects of the whole cluster each have their own root."""
    metadata = {"name": "x"} | ({"namespace": namespace} if namespace else {})
    assert kube_api.path_of({"apiVersion": version, "kind": kind, "metadata": metadata}) == path


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (None, False),
        ({}, False),
        ({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}, False),
        ({"status": {"conditions": [{"type": "Live", "status": "True"}]}}, False),
        ({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}, True),
    ],
)
def test_only_a_true_condition_of_the_type_counts(manifest: dict[str, Any] | None, expected: bool) -> None:
    """An unknown condition, another one, or no object at all is none."""
    assert (kube_api.condition(manifest, "Ready") is not None) is expected
