"""Serve a version, ask it from outside the cluster, publish another, and go back."""

from __future__ import annotations

import json
import shlex
import time
import urllib.error
import urllib.request
from collections.abc import Collection
from typing import Any
from urllib.parse import quote

import kubernetes.client as kubernetes_client
import numpy as np

from groundplan.rehearsal import kube_api
from groundplan.rehearsal.scenario import jobs, load
from groundplan.rehearsal.scenario.stage import Stage
from groundplan.rehearsal.scenario.steps import ingest, training

MODEL = "digits"
ACCURACY = 0.95
READY_TIMEOUT_S = 240
SECOND = "digits-second"
REPLICAS = 2
HEALTH_PORT = 8003
"""Where each server's supervisor says what it serves, and why not something else."""
FIGURE_TIMEOUT_S = 120
"""The kubelet's figures, the metrics server and the autoscaler each have a period of 15 s."""
ROUNDS = 3
"""How often the held-out digits are asked, so that the 99th percentile rests on more than three requests."""


def publish_first(stage: Stage) -> None:
    """Let `live` name the version that the broken run published; its twin stays unserved."""
    versions = _registry(stage, "list")["versions"]
    by_run = {version["run_id"]: version["version"] for version in versions}
    _registry(stage, f"promote {by_run[training.BROKEN]}")
    stage.record.figures |= {"version": by_run[training.BROKEN], "versions": versions}


def serve(stage: Stage) -> None:
    """Wait until the endpoint answers for the model, then ask every held-out digit over HTTP and gRPC."""
    began = time.monotonic()
    service = stage.tenant["inference"]
    address = stage.wait("an address of the endpoint", lambda: _address(stage), timeout_s=60)
    stage.progress.note("waiting for the model to be ready")
    ready = f"http://{address}:{service['http_port']}/v2/models/{MODEL}/ready"
    stage.wait(f"{ready} to answer", lambda: _answers(ready), timeout_s=READY_TIMEOUT_S)
    stage.run(
        f"kubectl rollout status deployment/{service['service']} --namespace {stage.tenant['namespace']}"
        f" --timeout={READY_TIMEOUT_S}s"
    )
    stage.record.figures["ready_seconds"] = round(time.monotonic() - began, 1)
    images, labels = ingest.holdout(stage)
    file = stage.world.evidence / "files" / "holdout.npz"
    load.save_rows(file, images, labels)
    answers = {}
    for protocol in ("http", "grpc"):
        endpoint = f"{address}:{service[f'{protocol}_port']}"
        command = f"python -m {load.__name__} {protocol} {endpoint} {MODEL} {file} --rounds {ROUNDS}"
        with stage.noted(command):
            answers[protocol] = _ask(stage, protocol, endpoint, images)
    stage.record.figures["versions"] = {"Triton": _server(f"http://{address}:{service['http_port']}/v2")}
    rows = len(images)
    http, grpc = (answers[protocol].probabilities[:rows] for protocol in ("http", "grpc"))
    accuracy, over_grpc = (float((given.argmax(axis=1) == labels).mean()) for given in (http, grpc))
    stage.record.figures |= {"rows": rows, "accuracy_http": accuracy, "accuracy_grpc": over_grpc}
    stage.record.check(
        "accuracy on held-out digits",
        expected=f">= {ACCURACY}",
        actual=round(accuracy, 4),
        passed=accuracy >= ACCURACY,
    )
    different = int((http != grpc).any(axis=1).sum())
    stage.record.check("answers that differ between HTTP and gRPC", expected=0, actual=different)
    _check_scaling(stage)


def _check_scaling(stage: Stage) -> None:
    """There are two replicas at least, and the autoscaler knows how busy they are."""
    name, namespace = stage.tenant["inference"]["service"], stage.tenant["namespace"]
    ready = len(_ready_pods(stage))
    stage.record.check("replicas ready", expected=f">= {REPLICAS}", actual=ready, passed=ready >= REPLICAS)
    stage.progress.note("waiting for the autoscaler's first figure")
    percent = stage.wait(
        "the autoscaler to read a CPU figure",
        lambda: _cpu_percent(stage, name, namespace),
        timeout_s=FIGURE_TIMEOUT_S,
    )
    stage.run(f"kubectl get hpa {name} --namespace {namespace}")
    stage.record.check(
        "the autoscaler reads a CPU figure",
        expected="a percentage",
        actual=percent,
        passed=percent is not None,
    )


def second_version(stage: Stage) -> None:
    """Train another seed, promote it, see it served; roll back, see the first one served again."""
    first = _registry(stage, "list")["alias"]["version"]
    training.forget(stage, SECOND)
    jobs.submit(stage, stage.tenant["training"], SECOND, {"SEED": "7"})
    jobs.wait_until_done(stage, SECOND, timeout_s=training.TIMEOUT_S)
    versions = _registry(stage, "list")["versions"]
    second = next(v["version"] for v in versions if v["run_id"] == SECOND)
    for verb, expected in ((f"promote {second}", second), ("rollback", first)):
        _registry(stage, verb)
        began = time.monotonic()
        stage.wait(
            f"version {expected} on every replica",
            lambda wanted=expected: _served(stage) == {wanted},
            timeout_s=READY_TIMEOUT_S,
        )
        seconds = round(time.monotonic() - began, 1)
        stage.record.figures[f"seconds until served after {verb.split()[0]}"] = seconds
        stage.record.check(
            f"versions served by each ready pod after {verb.split()[0]}",
            expected={expected},
            actual=_served(stage),
        )


def forged_version(stage: Stage) -> None:
    """Let `live` name a version that somebody with rights on the bucket made: nobody serves it."""
    versions = _registry(stage, "list")["versions"]
    genuine, *earlier = [each["version"] for each in versions if each["run_id"] == training.BROKEN]
    # A rehearsal that was interrupted here has made its forgery: it bears the name of the same run.
    forged = earlier[0] if earlier else max(each["version"] for each in versions) + 1
    _serve(stage, genuine)
    ready = set(_ready_pods(stage))
    _forge(stage, genuine, forged)
    _registry(stage, f"promote {forged}")
    try:
        refusals = _refused_by_all(stage, forged)
        stopped, served = _stopped(stage, ready), _served(stage)
    finally:
        _registry(stage, f"promote {genuine}")
    stage.record.figures["refusals"] = refusals
    other = [reason for reason in refusals.values() if "is not what arn:aws:kms:" not in reason]
    stage.record.check("replicas that refused it for another reason", expected=[], actual=other)
    stage.record.check("replicas that stopped serving", expected=[], actual=stopped)
    stage.record.check("versions served meanwhile", expected={genuine}, actual=served)


def unsigned_version(stage: Stage) -> None:
    """See a version without signature refused; let training's identity sign it; see it served."""
    versions = _registry(stage, "list")["versions"]
    genuine, unsigned = (
        min(each["version"] for each in versions if each["run_id"] == run)
        for run in (training.BROKEN, training.UNBROKEN)
    )
    _serve(stage, genuine)
    _forget_signing(stage, unsigned)
    stage.run(f"aws s3 rm --only-show-errors {_versions(stage)}/{unsigned}/signature.json")
    _registry(stage, f"promote {unsigned}")
    try:
        refusals = _refused_by_all(stage, unsigned)
        _sign(stage, unsigned)
        _serve(stage, unsigned)
    finally:
        _registry(stage, f"promote {genuine}")
    stage.record.figures["refusals"] = refusals
    other = [reason for reason in refusals.values() if "is not signed" not in reason]
    stage.record.check("replicas that refused it for another reason", expected=[], actual=other)


def _serve(stage: Stage, version: int) -> None:
    _registry(stage, f"promote {version}")
    stage.wait(
        f"version {version} on every replica",
        lambda: _served(stage) == {version},
        timeout_s=READY_TIMEOUT_S,
    )


def _sign(stage: Stage, version: int) -> None:
    """As docs/how-to/sign-models.md has it."""
    name, namespace = f"sign-{version}", stage.tenant["namespace"]
    seen = _registry(stage, f"show {version}")["metadata_sha256"]
    words = ["python", "-m", "groundplan_common.registry", "sign", str(version), "--metadata-sha256", seen]
    command = json.dumps(words)
    changes = (
        ".spec.completions = 1 | .spec.parallelism = 1"
        f" | .spec.template.spec.containers[0].command = {command}"
    )
    stage.run(
        f"kubectl create job {name} --namespace {namespace} --from=cronjob/{stage.tenant['training']}"
        f" --dry-run=client --output=json | jq {shlex.quote(changes)} | kubectl apply --filename=-"
    )
    jobs.wait_until_done(stage, name, timeout_s=READY_TIMEOUT_S)


def _forget_signing(stage: Stage, version: int) -> None:
    """A job that an interrupted rehearsal left would sign while nobody should have."""
    namespace = stage.tenant["namespace"]
    stage.run(
        f"kubectl delete job sign-{version} --namespace {namespace} --ignore-not-found --cascade=foreground",
        quiet=True,
    )


def _forge(stage: Stage, genuine: int, forged: int) -> None:
    """Copy a signed version to another number, and let its metadata say so, checksums and all."""
    versions = _versions(stage)
    for name in ("model.onnx", "signature.json"):
        stage.run(f"aws s3 cp --only-show-errors {versions}/{genuine}/{name} {versions}/{forged}/{name}")
    file = stage.world.evidence / "files" / "forged-metadata.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    stage.run(f"aws s3 cp --only-show-errors {versions}/{genuine}/metadata.json {file}")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"version": forged}))
    stage.run(f"aws s3 cp --only-show-errors {file} {versions}/{forged}/metadata.json")


def _versions(stage: Stage) -> str:
    return f"s3://{stage.outputs['lake']['models']}/vision/{MODEL}/versions"


def _refused_by_all(stage: Stage, version: int) -> dict[str, str]:
    stage.progress.note(f"waiting for every replica to refuse version {version}")
    return stage.wait(
        f"every replica to refuse version {version}",
        lambda: _refusals(stage, version),
        timeout_s=READY_TIMEOUT_S,
    )


def _refusals(stage: Stage, version: int) -> dict[str, str] | None:
    """Why each ready pod does not serve a version, by pod; None until all of them say so."""
    namespace, found = stage.tenant["namespace"], {}
    for pod in _ready_pods(stage):
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}:{HEALTH_PORT}/proxy/version"
        state = kube_api.get(stage.world, path) or {}
        if state.get("wanted") != version or not state.get("error"):
            return None
        found[pod] = state["error"]
    return found or None


def _ask(stage: Stage, protocol: str, address: str, images: np.ndarray) -> load.Answers:
    stage.progress.note(f"asking {ROUNDS} x {len(images)} digits over {protocol}")
    load.ask(protocol, address, MODEL, images[:20])  # connections and caches are warm afterwards
    answers = load.ask(protocol, address, MODEL, np.concatenate([images] * ROUNDS))
    stage.record.figures |= {
        f"p50_{protocol}_ms": round(answers.percentile_ms(50), 2),
        f"p99_{protocol}_ms": round(answers.percentile_ms(99), 2),
        f"requests_per_s_{protocol}": round(answers.requests_per_s, 1),
    }
    stage.record.figures.setdefault("latencies_ms", {})[protocol] = [
        round(ms, 3) for ms in answers.latencies_ms
    ]
    return answers


def _registry(stage: Stage, verb: str) -> dict[str, Any]:
    bucket = stage.outputs["lake"]["models"]
    return json.loads(
        stage.run(
            f"MODELS_URI=s3://{bucket}/vision MODEL_NAME={MODEL} PYTHONPATH=services/common"
            f" python -m groundplan_common.registry {verb}"
        )
    )


def _address(stage: Stage) -> str | None:
    """Where the tenant's endpoint answers from outside the cluster."""
    service = kubernetes_client.CoreV1Api(stage.cluster).read_namespaced_service(
        stage.tenant["inference"]["service"], stage.tenant["namespace"]
    )
    balancer = service.status.load_balancer if service.status else None
    ingress = balancer.ingress if balancer else None
    return (ingress[0].ip or ingress[0].hostname) if ingress else None


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - the URL is made above, of http
            return response.status == 200  # noqa: PLR2004 - HTTP's own OK
    except (urllib.error.URLError, OSError):
        return False


def _server(url: str) -> str:
    """Name and version that the server gives of itself."""
    with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - the URL is made above, of http
        said = json.load(response)
    return f"{said['version']} ({said['name']})"


def _served(stage: Stage) -> set[int | None]:
    """Versions that the ready pods say they serve, each asked by itself; None is one that says nothing."""
    namespace, port = stage.tenant["namespace"], stage.tenant["inference"]["http_port"]
    seen: set[int | None] = set()
    for pod in _ready_pods(stage):
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy/v2/models/{MODEL}"
        answer = kube_api.get(stage.world, path) or {"versions": [None]}
        seen |= {version and int(version) for version in answer["versions"]}
    return seen


def _ready_pods(stage: Stage) -> list[str]:
    """Names of the pods behind the endpoint that are ready."""
    namespace, name = stage.tenant["namespace"], stage.tenant["inference"]["service"]
    service = kube_api.get(stage.world, f"/api/v1/namespaces/{namespace}/services/{name}") or {}
    labels = service.get("spec", {}).get("selector", {})
    selector = quote(",".join(f"{key}={value}" for key, value in labels.items()))
    pods = kube_api.get(stage.world, f"/api/v1/namespaces/{namespace}/pods?labelSelector={selector}") or {}
    return [pod["metadata"]["name"] for pod in pods.get("items", ()) if kube_api.condition(pod, "Ready")]


def _stopped(stage: Stage, pods: Collection[str]) -> list[str]:
    """Those of some pods that are not ready any more, though nobody is taking them away."""
    namespace, found = stage.tenant["namespace"], []
    for name in sorted(pods):
        pod = kube_api.get(stage.world, f"/api/v1/namespaces/{namespace}/pods/{name}")
        if pod and not pod["metadata"].get("deletionTimestamp") and not kube_api.condition(pod, "Ready"):
            found.append(name)
    return found


def _cpu_percent(stage: Stage, name: str, namespace: str) -> str | None:
    """Use of the pods' CPU as the autoscaler sees it, or None while it sees nothing."""
    api = kubernetes_client.AutoscalingV2Api(stage.cluster)
    status = api.read_namespaced_horizontal_pod_autoscaler(name, namespace).status
    for metric in (status.current_metrics if status else None) or ():
        used = metric.resource.current.average_utilization if metric.resource else None
        if used is not None:
            return f"{used} %"
    return None
