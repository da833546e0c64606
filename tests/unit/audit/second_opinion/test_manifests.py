"""Objects of Kubernetes, pods inside custom resources, and secrets."""

from __future__ import annotations

from typing import Any

from groundplan.audit.second_opinion import state
from groundplan.audit.second_opinion.manifests import Manifest, manifests

from .states import resource
from .states import state as state_of

_POD = {"containers": [{"name": "main", "image": "i"}]}


def manifests_of(kind: str, **values: Any) -> list[Manifest]:
    """The manifests of a state of one object."""
    inputs = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "n", "namespace": "ns"}, **values}
    return manifests(state.resources(state_of(resource(f"kubernetes:any/v1:{kind}", "n", inputs=inputs))))


def test_object_as_it_is() -> None:
    """Without the id and status that a state adds."""
    (found,) = manifests_of("Deployment", spec={"template": {"spec": _POD}}, status={"replicas": 1})
    assert found.document == {
        "apiVersion": "v1",
        "kind": "Deployment",
        "metadata": {"name": "n", "namespace": "ns"},
        "spec": {"template": {"spec": _POD}},
    }


def test_pods_of_custom_resources_are_shown() -> None:
    """A JobSet hides its pods from auditors: each becomes a pod that belongs to the same resource."""
    jobs = [
        {"name": f"job-{number}", "template": {"spec": {"template": {"spec": _POD}}}} for number in (0, 1)
    ]
    jobset, *pods = manifests_of("JobSet", spec={"replicatedJobs": jobs})
    assert [pod.document["kind"] for pod in pods] == ["Pod", "Pod"]
    assert [pod.document["metadata"]["name"] for pod in pods] == ["n-0", "n-1"]
    assert {pod.document["metadata"]["namespace"] for pod in pods} == {"ns"}
    assert {pod.urn for pod in pods} == {jobset.urn}


def test_known_kinds_are_shown_once() -> None:
    """Auditors find the pod of a CronJob themselves."""
    template = {"spec": {"template": {"spec": _POD}}}
    assert len(manifests_of("CronJob", spec={"jobTemplate": template})) == 1


def test_data_of_secrets_is_hidden() -> None:
    """Keys stay, values do not."""
    (found,) = manifests_of("Secret", data={"password": "Y2FuYXJ5"}, stringData={"token": "canary"})
    assert found.document["data"] == {"password": "(secret)"}
    assert found.document["stringData"] == {"token": "(secret)"}


def test_aws_resources_are_none() -> None:
    """They go into the plan."""
    assert manifests(state.resources(state_of(resource("aws:s3/bucket:Bucket", "b")))) == []
