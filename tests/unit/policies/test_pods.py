"""Finding pods: one manifest of each kind that declares some, as its project documents it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from policies.core.catalog import all_rules
from policies.core.pods import Pod, declares_pods, pods_of
from policies.core.resources import Resource
from policies.core.values import UNKNOWN, Secret, UnknownError, WrongTypeError
from tests.unit.infra.recording import PROJECT_ROOT
from tests.unit.policies.fixtures import put

MANIFESTS = {
    each["kind"]: each
    for each in yaml.safe_load_all(
        (PROJECT_ROOT / "tests" / "unit" / "policies" / "manifests.yaml").read_text(encoding="utf-8")
    )
}
FOUND = {
    "Pod": {"spec": ["main", "prepare", "debug"]},
    "PodTemplate": {"template.spec": ["main"]},
    "Deployment": {"spec.template.spec": ["main", "prepare"]},
    "StatefulSet": {"spec.template.spec": ["main"]},
    "DaemonSet": {"spec.template.spec": ["main"]},
    "Job": {"spec.template.spec": ["main"]},
    "CronJob": {"spec.jobTemplate.spec.template.spec": ["main"]},
    "JobSet": {
        "spec.replicatedJobs.0.template.spec.template.spec": ["leader"],
        "spec.replicatedJobs.1.template.spec.template.spec": ["worker"],
    },
    "TrainJob": {
        "spec.trainer": [""],
        "spec.podTemplateOverrides.0.spec": ["node", "warm-up"],
    },
    "TrainingRuntime": {
        "spec.template.spec.replicatedJobs.0.template.spec.template.spec": ["node"],
    },
    "PyTorchJob": {
        "spec.pytorchReplicaSpecs.Master.template.spec": ["pytorch"],
        "spec.pytorchReplicaSpecs.Worker.template.spec": ["pytorch"],
    },
    "RayCluster": {
        "spec.headGroupSpec.template.spec": ["ray-head"],
        "spec.workerGroupSpecs.0.template.spec": ["ray-worker"],
        "spec.workerGroupSpecs.1.template.spec": ["ray-worker"],
    },
    "RayJob": {
        "spec.rayClusterSpec.headGroupSpec.template.spec": ["ray-head"],
        "spec.rayClusterSpec.workerGroupSpecs.0.template.spec": ["ray-worker"],
        "spec.submitterPodTemplate.spec": ["submitter"],
    },
    "LeaderWorkerSet": {
        "spec.leaderWorkerTemplate.leaderTemplate.spec": ["leader"],
        "spec.leaderWorkerTemplate.workerTemplate.spec": ["worker"],
    },
    "InferenceService": {
        "spec.predictor": ["kserve-container"],
        "spec.predictor.workerSpec": ["worker"],
        "spec.transformer": ["transformer"],
    },
}
"""Each pod's place, and the names of its containers."""


def _resource(manifest: dict[str, Any], type_: str = "kubernetes:any/v1:Any") -> Resource:
    return Resource(urn="urn:pulumi:dev::p::t::n", type=type_, name="n", properties=manifest)


def _pods(kind: str) -> list[Pod]:
    return pods_of(_resource(MANIFESTS[kind]))


@pytest.mark.parametrize("kind", FOUND)
def test_every_pod_of_a_kind_is_found(kind: str) -> None:
    """Wherever the kind keeps them, with containers of all sorts."""
    found = {pod.spec.path: [container.text("name") for container in pod.containers()] for pod in _pods(kind)}
    assert found == FOUND[kind]


def test_every_manifest_has_an_expectation() -> None:
    """No kind is listed without a test."""
    assert set(MANIFESTS) == set(FOUND)


def test_labels_are_those_of_the_template() -> None:
    """A disruption budget selects by what pods carry, not by what their controller does."""
    (deployment,) = _pods("Deployment")
    assert deployment.labels == {"app": "web"}
    (pod,) = _pods("Pod")
    assert pod.labels == {"app": "single"}


def test_what_only_changes_a_template_is_partial() -> None:
    """A TrainJob's overrides and a server-side patch lack what the template itself has."""
    assert {pod.spec.path: pod.partial for pod in _pods("TrainJob")} == {
        "spec.trainer": True,
        "spec.podTemplateOverrides.0.spec": True,
    }
    (patched,) = pods_of(_resource(MANIFESTS["Deployment"], "kubernetes:apps/v1:DeploymentPatch"))
    assert patched.partial
    assert not any(pod.partial for kind in ("Deployment", "JobSet", "RayCluster") for pod in _pods(kind))


def test_model_of_an_inference_service_is_a_container() -> None:
    """The usual form names a model format; image and rest come from the serving runtime."""
    manifest = {"spec": {"predictor": {"model": {"modelFormat": {"name": "onnx"}, "image": "triton:latest"}}}}
    (pod,) = pods_of(_resource(manifest))
    assert pod.partial
    assert [container.text("image") for container in pod.containers()] == ["triton:latest"]


@pytest.mark.parametrize(
    "path",
    [
        "spec",
        "spec.template",
        "spec.template.spec",
        "spec.template.spec.containers",
        "spec.template.spec.initContainers",
        "spec.template.spec.containers.0",
    ],
)
def test_unknown_part_that_may_hold_pods_is_not_passed_over(path: str) -> None:
    """Neither the search nor the reading of containers takes an unknown for nothing."""
    manifest = yaml.safe_load(yaml.safe_dump(MANIFESTS["Deployment"]))
    put(manifest, path, UNKNOWN)
    with pytest.raises(UnknownError, match=r"known only after the update"):
        [list(pod.containers()) for pod in pods_of(_resource(manifest))]


def test_unknown_schedule_hides_no_pod() -> None:
    """An unknown leaf beside the template does not make the pod unknown."""
    manifest = yaml.safe_load(yaml.safe_dump(MANIFESTS["CronJob"]))
    put(manifest, "spec.schedule", UNKNOWN)
    assert len(pods_of(_resource(manifest))) == 1


def test_containers_that_are_no_list_are_wrong() -> None:
    """A text in their place is an error and not the absence of a pod."""
    (pod,) = pods_of(_resource({"spec": {"containers": "none"}}))
    with pytest.raises(WrongTypeError):
        list(pod.containers())


def test_secret_spec_is_searched() -> None:
    """A program may mark everything as secret; it is judged all the same."""
    (pod,) = pods_of(_resource({"spec": Secret({"containers": [{"name": "main"}]})}))
    assert [container.text("name") for container in pod.containers()] == ["main"]


def test_an_object_without_pods_is_no_subject_of_rules_about_them() -> None:
    """It is not counted as a pass. What may hold pods and is not known yet is a subject: it is left open."""
    about_pods = [rule for rule in all_rules() if rule.applies]
    assert len(about_pods) >= 12
    service = Resource(
        urn="u", type="kubernetes:core/v1:Service", name="s", properties={"spec": {"ports": []}}
    )
    unknown = Resource(urn="u", type="kubernetes:x/v1:Y", name="y", properties={"spec": UNKNOWN})
    bucket = Resource(urn="u", type="aws:s3/bucket:Bucket", name="b", properties={})
    pod = Resource(urn="u", type="kubernetes:core/v1:Pod", name="p", properties=MANIFESTS["Pod"])
    assert [declares_pods(each) for each in (service, unknown, bucket, pod)] == [False, True, False, True]
    for rule in about_pods:
        assert [rule.judges(each) for each in (service, unknown, bucket, pod)] == [False, True, False, True]
