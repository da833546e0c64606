"""The Kubernetes provider against a real API server and controller manager; the engine's part is played."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from groundplan.rehearsal.providers.kubernetes.provider import KubernetesService
from groundplan.rehearsal.providers.kubernetes.values import UNKNOWN, Secret
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import World
from infra.kubernetes.admission import generated_manifests
from tests.rehearsal.kubernetes_kinds import (
    CONFIG_MAP,
    DEPLOYMENT,
    KINDS,
    PORT,
    SECRET,
    SERVICE,
    a_pod,
)
from tests.rehearsal.provider_driver import CheckFailedError, Engine, RefusedError

pytestmark = pytest.mark.rehearsal

NAMESPACE = "kubernetes:core/v1:Namespace"
REFUSED = "violates PodSecurity"
_SCHEMA = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


@dataclass(frozen=True)
class Cluster:
    """The control plane under test."""

    kubeconfig: Path
    kubectl_program: Path
    provider_address: str

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Do something behind Pulumi's back."""
        argv = [str(self.kubectl_program), "--kubeconfig", str(self.kubeconfig), *arguments]
        return subprocess.run(argv, check=True, capture_output=True, text=True, input=stdin).stdout

    def get(self, *arguments: str) -> dict[str, Any]:
        """A live object."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def refusal_of_a_pod(self, namespace: str) -> str:
        """What the API server says to a pod that somebody tries to create; empty if it would take it."""
        argv = ["-n", namespace, "run", "tried", "--image=example.invalid/tried", "--dry-run=server"]
        try:
            self.kubectl(*argv)
        except subprocess.CalledProcessError as error:
            return error.stderr
        return ""


@pytest.fixture(scope="module")
def cluster(control_plane: World, toolbox: Toolbox) -> Generator[Cluster]:
    """The control plane, and a provider that serves it."""
    server = grpc.server(ThreadPoolExecutor(max_workers=32))
    service = KubernetesService(dict)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(service, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield Cluster(control_plane.admin_kubeconfig, toolbox.obtain("kubectl"), address)
    server.stop(grace=None).wait()


@pytest.fixture
def connect(cluster: Cluster) -> Generator[Callable[..., Engine]]:
    """Opens provider instances; takes settings of the provider."""
    engines: list[Engine] = []

    def connect(**settings: object) -> Engine:
        engines.append(Engine(cluster.provider_address, {"kubeconfig": str(cluster.kubeconfig), **settings}))
        return engines[-1]

    yield connect
    for engine in engines:
        engine.close()


@pytest.fixture
def engine(connect: Callable[..., Engine]) -> Engine:
    """A provider instance with default settings."""
    return connect()


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Generator[str]:
    """A namespace for one test."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())[:60].strip("-")
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


def _object(
    api_version: str, kind: str, name: str, namespace: str | None = None, **fields: Any
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def _deployment(namespace: str, **spec: Any) -> dict[str, Any]:
    body = {"replicas": 0, "selector": {"matchLabels": {"app": "a"}}, "template": a_pod(), **spec}
    return _object("apps/v1", "Deployment", "web", namespace, spec=body)


@pytest.mark.parametrize(("token", "version", "kind", "first", "second"), KINDS, ids=[k[2] for k in KINDS])
def test_life_of(
    engine: Engine,
    cluster: Cluster,
    namespace: str,
    token: str,
    version: str,
    kind: str,
    first: dict[str, Any],
    second: dict[str, Any],
) -> None:
    """Each kind is created, stays the same, refreshes without a change, is updated or replaced, and goes."""
    one, two = (_object(version, kind, "thing", namespace, **fields) for fields in (first, second))
    assert engine.up(token, "thing", one, preview=True).op == "create"
    assert engine.up(token, "thing", one).op == "create"
    assert engine.states["thing"].id == f"{namespace}/thing"
    assert engine.up(token, "thing", one).op == "same"
    assert engine.refresh("thing").op == "same"
    expected = "replace" if kind in {"ConfigMap", "Secret"} else "update"
    assert engine.up(token, "thing", two, preview=True).op == expected
    assert engine.up(token, "thing", two).op == expected
    assert engine.refresh("thing").op == "same"
    assert engine.up(token, "thing", two).op == "same"
    engine.destroy("thing")
    assert cluster.kubectl("get", kind, "thing", "-n", namespace, "--ignore-not-found") == ""


def test_namespace_life(engine: Engine, cluster: Cluster) -> None:
    """A namespace is awaited when it comes and when it goes, with what is in it."""
    inputs = _object("v1", "Namespace", "whole-life")
    assert engine.up(NAMESPACE, "ns", inputs, preview=True).op == "create"
    assert engine.up(NAMESPACE, "ns", inputs).op == "create"
    engine.up(CONFIG_MAP, "inside", _object("v1", "ConfigMap", "inside", "whole-life", data={"a": "1"}))
    assert engine.refresh("ns").op == "same"
    labelled = {**inputs, "metadata": {"name": "whole-life", "labels": {"a/b": "c"}}}
    step = engine.up(NAMESPACE, "ns", labelled)
    assert (step.op, step.changed) == ("update", ["metadata.labels"])
    engine.destroy("ns", timeout=60)
    assert cluster.kubectl("get", "namespace", "whole-life", "--ignore-not-found") == ""
    assert engine.refresh("inside").op == "delete"


def test_admission_policies_of_the_program_do_not_drift(engine: Engine) -> None:
    """What the server adds to a policy by itself is no difference, neither at once nor on refresh."""
    for manifest in generated_manifests()[:2]:
        token = f"kubernetes:{manifest['apiVersion']}:{manifest['kind']}"
        assert engine.up(token, manifest["kind"], manifest).op == "create"
        assert engine.up(token, manifest["kind"], manifest).op == "same"
        assert engine.refresh(manifest["kind"]).op == "same"
    for manifest in reversed(generated_manifests()[:2]):
        engine.destroy(manifest["kind"])


def test_custom_resource_right_after_its_definition(engine: Engine) -> None:
    """A custom resource can follow its definition at once; before, a preview lets it pass."""
    names = {"kind": "Widget", "plural": "widgets", "singular": "widget"}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": _SCHEMA}}
    spec = {"group": "example.test", "names": names, "scope": "Namespaced", "versions": [version]}
    definition = _object(
        "apiextensions.k8s.io/v1", "CustomResourceDefinition", "widgets.example.test", spec=spec
    )
    widget = _object("example.test/v1", "Widget", "w", "default", spec={"size": 1})
    token, widget_token = (
        "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
        "kubernetes:example.test/v1:Widget",
    )
    assert engine.up(widget_token, "w", widget, preview=True).op == "create"
    engine.up(token, "crd", definition)
    engine.up(widget_token, "w", widget)
    assert engine.up(widget_token, "w", {**widget, "spec": {"size": 2}}).changed == ["spec.size"]
    assert (engine.refresh("w").op, engine.refresh("crd").op) == ("same", "same")
    engine.destroy("w", timeout=90)  # the garbage collector looks for new kinds every 30 s
    engine.destroy("crd")


def test_drift_in_a_managed_field_is_shown(engine: Engine, cluster: Cluster, namespace: str) -> None:
    """What somebody changed in the program's own fields shows on refresh, and the next up mends it."""
    inputs = _deployment(namespace)
    inputs["metadata"]["annotations"] = {"pulumi.com/patchForce": "true"}
    engine.up(DEPLOYMENT, "web", inputs)
    cluster.kubectl("-n", namespace, "set", "image", "deployment/web", "main=example.invalid/other")
    step = engine.refresh("web")
    assert step.changed == ["spec.template.spec.containers[0].image"]
    assert engine.up(DEPLOYMENT, "web", inputs).op == "update"
    assert engine.refresh("web").op == "same"
    live = cluster.get("deployment", "web", "-n", namespace)
    assert live["spec"]["template"]["spec"]["containers"][0]["image"] == "example.invalid/main"


def test_drift_inside_an_atomic_list_is_shown(engine: Engine, cluster: Cluster, namespace: str) -> None:
    """A rule that somebody slipped into a network policy is drift, though the program never named it."""
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": 80}]}]}
    inputs = _object("networking.k8s.io/v1", "NetworkPolicy", "deny", namespace, spec=spec)
    engine.up("kubernetes:networking.k8s.io/v1:NetworkPolicy", "deny", inputs)
    patch = [{"op": "add", "path": "/spec/ingress/-", "value": {"ports": [{"port": 22}]}}]
    cluster.kubectl("-n", namespace, "patch", "networkpolicy", "deny", "--type=json", "-p", json.dumps(patch))
    assert any(path.startswith("spec.ingress") for path in engine.refresh("deny").changed)


def test_what_others_own_is_no_drift(engine: Engine, cluster: Cluster, namespace: str) -> None:
    """Replicas set by an autoscaler, and annotations of controllers, are not the program's business."""
    inputs = _deployment(namespace)
    del inputs["spec"]["replicas"]
    inputs["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}
    engine.up(DEPLOYMENT, "web", inputs)
    cluster.kubectl("-n", namespace, "scale", "deployment/web", "--replicas=3")
    cluster.kubectl("-n", namespace, "annotate", "deployment/web", "example.test/seen=yes")
    cluster.kubectl("-n", namespace, "set", "env", "deployment/web", "ADDED=1")
    assert engine.refresh("web").op == "same"
    assert (
        engine.up(DEPLOYMENT, "web", {**inputs, "spec": {**inputs["spec"], "paused": False}}).op == "update"
    )
    assert cluster.get("deployment", "web", "-n", namespace)["spec"]["replicas"] == 3


def test_drift_in_a_secret_stays_secret(engine: Engine, cluster: Cluster, namespace: str) -> None:
    """A Secret's values are secret in the state, also after somebody changed them."""
    inputs = _object("v1", "Secret", "s", namespace, stringData=Secret({"key": "one"}))
    engine.up(SECRET, "s", inputs)
    assert isinstance(engine.states["s"].outputs["data"], Secret)
    two = base64.b64encode(b"two").decode()
    cluster.kubectl("-n", namespace, "patch", "secret", "s", "-p", json.dumps({"data": {"key": two}}))
    assert engine.refresh("s").changed == ["stringData.key"]
    assert engine.states["s"].inputs["stringData"] == Secret({"key": "two"})
    assert isinstance(engine.states["s"].outputs["data"], Secret)


def test_conflict_names_field_and_remedy(engine: Engine, cluster: Cluster, namespace: str) -> None:
    """A field that another manager took over is not fought for in silence."""
    engine.up(DEPLOYMENT, "web", _deployment(namespace))
    cluster.kubectl("-n", namespace, "set", "image", "deployment/web", "main=example.invalid/other")
    changed = _deployment(namespace, paused=True)
    with pytest.raises(RefusedError) as refused:
        engine.up(DEPLOYMENT, "web", changed)
    assert "kubectl-set" in str(refused.value)
    assert "pulumi.com/patchForce" in str(refused.value)


def test_immutable_field_replaces_after_delete(engine: Engine, cluster: Cluster, namespace: str) -> None:
    """A change that the server never allows replaces the object; the old one of the same name goes first."""
    engine.up(DEPLOYMENT, "web", _deployment(namespace))
    uid = cluster.get("deployment", "web", "-n", namespace)["metadata"]["uid"]
    pod = a_pod()
    pod["metadata"]["labels"] = {"app": "b"}
    changed = _deployment(namespace, selector={"matchLabels": {"app": "b"}}, template=pod)
    assert engine.up(DEPLOYMENT, "web", changed, preview=True).op == "replace"
    step = engine.up(DEPLOYMENT, "web", changed)
    assert (step.op, step.replacing, step.delete_first) == (
        "replace",
        ["spec.selector.matchLabels.app"],
        True,
    )
    assert cluster.get("deployment", "web", "-n", namespace)["metadata"]["uid"] != uid


def test_immutability_is_learnt_from_the_server(connect: Callable[..., Engine], namespace: str) -> None:
    """What no table knows, the dry run tells: data of a ConfigMap that was declared immutable."""
    engine = connect(enableConfigMapMutable="true")
    inputs = _object("v1", "ConfigMap", "c", namespace, data={"a": "1"})
    engine.up(CONFIG_MAP, "c", inputs)
    assert engine.up(CONFIG_MAP, "c", {**inputs, "data": {"a": "2"}}).op == "update"
    fixed = {**inputs, "data": {"a": "2"}, "immutable": True}
    assert engine.up(CONFIG_MAP, "c", fixed).op == "update"
    assert engine.up(CONFIG_MAP, "c", {**fixed, "data": {"a": "3"}}).op == "replace"


def test_autonamed_object_is_replaced_before_the_old_one_goes(engine: Engine) -> None:
    """Without a name, a unique one is made up, kept over updates, and renewed by a replacement."""
    inputs = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1"}}
    engine.up(CONFIG_MAP, "settings", inputs)
    first = engine.states["settings"].id
    assert first.startswith("default/settings-")
    assert engine.up(CONFIG_MAP, "settings", inputs).op == "same"
    engine.states["settings"].inputs["metadata"]["name"] = first.split("/")[1]
    step = engine.up(CONFIG_MAP, "settings", {**inputs, "data": {"a": "2"}}, preview=True)
    assert (step.op, step.delete_first) == ("replace", False)
    engine.destroy("settings")


def test_validation_by_the_server_in_preview(engine: Engine, namespace: str) -> None:
    """A preview shows what the API server would refuse."""
    wrong = _deployment(namespace, template={"metadata": {"labels": {"app": "b"}}, "spec": a_pod()["spec"]})
    with pytest.raises(RefusedError) as refused:
        engine.up(DEPLOYMENT, "web", wrong, preview=True)
    assert "selector" in str(refused.value)


def test_preview_knows_what_it_cannot_know(engine: Engine, namespace: str) -> None:
    """Values that only a creation decides are unknown in a preview, as are inputs that are not known yet."""
    service = _object("v1", "Service", "s", namespace, spec={"ports": [PORT]})
    engine.up(SERVICE, "s", service, preview=True)
    assert engine.previewed["spec"]["clusterIP"] is UNKNOWN
    assert engine.previewed["spec"]["type"] == "ClusterIP"
    assert engine.previewed["status"] is UNKNOWN
    service["spec"]["externalName"] = UNKNOWN
    engine.up(SERVICE, "s", service, preview=True)
    assert engine.previewed["spec"]["externalName"] is UNKNOWN


def test_failed_wait_keeps_the_object_and_tells_why(engine: Engine, cluster: Cluster, namespace: str) -> None:
    """A Deployment that does not become ready is kept in the state, with the reasons."""
    cluster.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    # The condition of a ReplicaSet keeps its first reason: not that the service account is missing.
    _eventually(lambda: REFUSED in cluster.refusal_of_a_pod(namespace), timeout_s=300)
    # On a busy machine the controllers may need longer than the wait lasts: nobody knows a reason then.
    for timeout_s in (10, 40, 120):
        name = f"web-{timeout_s}"
        inputs = _deployment(namespace, replicas=1)
        inputs["metadata"]["name"] = name
        with pytest.raises(RefusedError) as refused:
            engine.up(DEPLOYMENT, name, inputs, timeout=timeout_s)
        found = _partial_failure(refused.value)
        assert found.id == f"{namespace}/{name}"
        assert MessageToDict(found.properties)["metadata"]["name"] == name
        if any(REFUSED in reason for reason in found.reasons):
            assert any("of 1 pods" in reason for reason in found.reasons)
            return
    pytest.fail(f"no reason was told within {timeout_s} s: {list(found.reasons)}")


def test_object_of_an_interrupted_update_is_taken_over(
    connect: Callable[..., Engine], namespace: str
) -> None:
    """An object that our killed predecessor created is ours; anybody else's is not touched."""
    inputs = _object("v1", "ConfigMap", "c", namespace, data={"a": "1"})
    connect().up(CONFIG_MAP, "c", inputs)  # and its state is lost
    assert connect().up(CONFIG_MAP, "c", inputs).op == "create"
    with pytest.raises(RefusedError) as refused:
        connect().up(CONFIG_MAP, "another", inputs)
    assert "already exists" in str(refused.value)
    assert connect(upsertExistingObjects="true").up(CONFIG_MAP, "another", inputs).op == "create"


def test_cancel_ends_a_wait(engine: Engine, namespace: str) -> None:
    """Ctrl-C does not have to wait for the roll-out."""
    waiting = _deployment(namespace, replicas=1)
    failures: list[RefusedError] = []

    def up() -> None:
        try:
            engine.up(DEPLOYMENT, "web", waiting, timeout=120)
        except RefusedError as error:
            failures.append(error)

    thread = threading.Thread(target=up)
    thread.start()
    _eventually(lambda: _exists(engine, namespace))
    engine.cancel()
    thread.join(timeout=60)
    assert not thread.is_alive()
    assert failures[0].code is grpc.StatusCode.CANCELLED


def test_two_instances_keep_apart(connect: Callable[..., Engine], namespace: str) -> None:
    """Each provider instance has its own configuration, over one port."""
    inputs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
    one, two = connect(namespace=namespace), connect(namespace="kube-public")
    one.up(CONFIG_MAP, "c", inputs)
    two.up(CONFIG_MAP, "c", inputs)
    assert (one.states["c"].id, two.states["c"].id) == (f"{namespace}/c", "kube-public/c")
    two.destroy("c")


def test_unreachable_cluster_is_named(
    cluster: Cluster, connect: Callable[..., Engine], tmp_path: Path
) -> None:
    """A cluster that does not answer stops an update with its address; a preview goes on."""
    text = cluster.kubeconfig.read_text()
    server = next(line.split()[-1] for line in text.splitlines() if "server:" in line)
    other = tmp_path / "kubeconfig"
    other.write_text(text.replace(server, "https://127.0.0.1:1"))
    engine = connect(kubeconfig=str(other))
    inputs = _object("v1", "ConfigMap", "c", "default")
    assert engine.up(CONFIG_MAP, "c", inputs, preview=True).op == "create"
    with pytest.raises(RefusedError) as refused:
        engine.up(CONFIG_MAP, "c", inputs)
    assert "https://127.0.0.1:1 does not answer" in str(refused.value)


def test_import_reads_inputs_from_the_live_object(engine: Engine, cluster: Cluster, namespace: str) -> None:
    """An import yields inputs that a program can repeat: nothing that the server alone writes."""
    cluster.kubectl("-n", namespace, "create", "configmap", "c", "--from-literal=a=1")
    read = engine.rpc.Read(
        provider_pb2.ReadRequest(
            urn=f"urn:pulumi:dev::test::{CONFIG_MAP}::c", type=CONFIG_MAP, id=f"{namespace}/c"
        )
    )
    assert read.inputs["data"]["a"] == "1"
    assert set(read.inputs["metadata"]) == {"name", "namespace"}


def test_charts_and_patches_are_refused(engine: Engine) -> None:
    """What is no single object gets a clear answer."""
    with pytest.raises(RefusedError, match="single objects only"):
        engine.up("kubernetes:helm.sh/v3:Release", "r", {})
    with pytest.raises(CheckFailedError, match="ConfigMapPatch is not supported"):
        engine.up("kubernetes:core/v1:ConfigMapPatch", "p", {"apiVersion": "v1", "kind": "ConfigMap"})


def _partial_failure(error: RefusedError) -> provider_pb2.ErrorResourceInitFailed:
    status = status_pb2.Status.FromString(error.metadata["grpc-status-details-bin"])
    found = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(found)
    return found


def _exists(engine: Engine, namespace: str) -> bool:
    urn = f"urn:pulumi:dev::test::{DEPLOYMENT}::web"
    return bool(engine.rpc.Read(provider_pb2.ReadRequest(urn=urn, type=DEPLOYMENT, id=f"{namespace}/web")).id)


def _eventually(condition: Callable[[], bool], timeout_s: float = 120) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true in time"
        time.sleep(0.05)
