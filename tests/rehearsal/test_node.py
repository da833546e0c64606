"""The node with real engines: pods, Services, names, network policies, figures, and a clean end."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from groundplan.rehearsal import kube_api, leftovers, node, processes, supervisor
from groundplan.rehearsal.engines import all_engines
from groundplan.rehearsal.engines.base import Engine
from groundplan.rehearsal.toolchain import GoTool, Toolbox, golang
from groundplan.rehearsal.world import POD_IDENTITY_ADDRESS, World, cache_folder

pytestmark = pytest.mark.rehearsal

_LOG = logging.getLogger(__name__)
_PORT = 8080
_PATIENCE_S = 60
_TENANT = "tenant"
_SHIM_SOCKETS = Path("/run/containerd/s")

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Cluster:
    """A running cluster with two pods of the probe, `server` (and its Service) and `client`."""

    world: World
    toolbox: Toolbox

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl as the cluster's administrator and return its output."""
        argv = [str(self.toolbox.path("kubectl")), f"--kubeconfig={self.world.admin_kubeconfig}", *arguments]
        done = subprocess.run(argv, input=stdin, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def apply(self, *manifests: Manifest) -> None:
        """Create objects."""
        self.kubectl("apply", "--filename=-", stdin="\n---\n".join(json.dumps(each) for each in manifests))

    def ask(self, what: str, **query: str) -> dict[str, Any]:
        """Have the client fetch a URL or resolve a name, and return what it found."""
        pod = f"/api/v1/namespaces/{_TENANT}/pods/client:{_PORT}/proxy"
        answer = kube_api.get(self.world, f"{pod}/{what}?{urllib.parse.urlencode(query)}")
        return answer or {"status": 0, "body": "", "error": "the client does not answer"}

    def fetches(self, url: str) -> bool:
        """Whether the client gets an answer from a URL."""
        return self.ask("fetch", url=url)["status"] == 200

    def server_address(self) -> str:
        """The server's own address."""
        return self.kubectl(
            "get", "pod", "server", f"--namespace={_TENANT}", "--output=jsonpath={.status.podIP}"
        )


@pytest.fixture(scope="module")
def cluster(make_world: Callable[[str], World], toolbox: Toolbox) -> Iterator[Cluster]:
    """All engines that a node needs, and the probe's pods under the restricted pod security standard."""
    world = make_world("test-node")
    engines = _engines()
    supervisor.start(world, toolbox, engines, lambda event: _LOG.info("%s", event))
    running = Cluster(world, toolbox)
    image = node.import_program(world, toolbox, _probe())
    running.apply(_namespace(), _pod("server", image), _pod("client", image), _service("server"))
    wait = ("wait", "--for=condition=Ready", "--timeout=60s", f"--namespace={_TENANT}")
    running.kubectl(*wait, "pod/server", "pod/client")
    yield running
    supervisor.stop(world, engines)


def test_pods_start_where_pod_security_is_restricted(cluster: Cluster) -> None:
    """A pod without privileges runs as the user that it names, on the rehearsal's node."""
    pod = json.loads(cluster.kubectl("get", "pod", "server", f"--namespace={_TENANT}", "--output=json"))
    assert pod["spec"]["nodeName"] == node.name(cluster.world)
    assert pod["status"]["phase"] == "Running"


def test_a_privileged_pod_is_refused(cluster: Cluster) -> None:
    """The namespace's standard is enforced, or the test above would prove nothing."""
    pod = _pod("privileged", "none")
    pod["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    with pytest.raises(AssertionError, match="violates PodSecurity"):
        cluster.apply(pod)


def test_a_pod_asks_for_gpus_that_the_node_advertises(cluster: Cluster) -> None:
    """A capacity patched into the node's status is kept by the kubelet and granted to a pod."""
    patch = [{"op": "add", "path": "/status/capacity/nvidia.com~1gpu", "value": "4"}]
    name = node.name(cluster.world)
    cluster.kubectl(
        "patch", "node", name, "--subresource=status", "--type=json", f"--patch={json.dumps(patch)}"
    )
    image = cluster.kubectl(
        "get", "pod", "server", f"--namespace={_TENANT}", "--output=jsonpath={.spec.containers[0].image}"
    )
    pod = _pod("trainer", image)
    pod["spec"]["containers"][0]["resources"] = {"limits": {"nvidia.com/gpu": "4"}}
    cluster.apply(pod)
    cluster.kubectl("wait", "--for=condition=Ready", "--timeout=60s", f"--namespace={_TENANT}", "pod/trainer")


def test_a_pod_reaches_another_through_its_service(cluster: Cluster) -> None:
    """The Service's name resolves and its ClusterIP leads to the pod behind it."""
    _eventually(lambda: cluster.ask("fetch", url=f"http://server:{_PORT}/name")["body"] == "server")


def test_a_pod_reaches_itself_through_its_service(cluster: Cluster) -> None:
    """The way back from the node to the pod that asked works too."""
    cluster.apply(_service("client"))
    _eventually(lambda: cluster.ask("fetch", url=f"http://client:{_PORT}/name")["body"] == "client")


def test_names_outside_the_cluster_do_not_exist(cluster: Cluster) -> None:
    """A pod is told at once that an outside name does not exist."""
    began = time.monotonic()
    assert "no such host" in cluster.ask("resolve", name="www.example.com")["error"]
    assert time.monotonic() - began < 2


def test_pods_reach_the_node_and_the_pod_identity_agent(cluster: Cluster) -> None:
    """What listens on the node's address and on the agent's link-local one answers to pods."""
    world = cluster.world
    assert cluster.fetches(f"http://{world.node_address}:{world.ports.kube_proxy_health}/livez")
    agent = [sys.executable, "-m", "http.server", "80", "--bind", str(POD_IDENTITY_ADDRESS)]
    processes.start(world, "agent", agent, env={}, inside=True, ports=(80,))
    try:
        _eventually(lambda: cluster.fetches(f"http://{POD_IDENTITY_ADDRESS}/"))
    finally:
        processes.stop(world, "agent")


def test_network_policies_deny_and_admit(cluster: Cluster) -> None:
    """Default deny keeps the client out, directly and by the Service; a policy for it lets it in."""
    urls = (f"http://{cluster.server_address()}:{_PORT}/name", f"http://server:{_PORT}/name")
    cluster.apply(_policy("deny-ingress", "server", {"policyTypes": ["Ingress"]}))
    try:
        for url in urls:
            _eventually(lambda url=url: not cluster.fetches(url))
        admitted = {"from": [{"podSelector": {"matchLabels": {"app": "client"}}}], "ports": [{"port": _PORT}]}
        cluster.apply(_policy("admit-client", "server", {"ingress": [admitted]}))
        for url in urls:
            _eventually(lambda url=url: cluster.fetches(url))
    finally:
        cluster.kubectl("delete", "networkpolicy", "--all", f"--namespace={_TENANT}")


def test_a_policy_can_admit_dns_by_its_labels(cluster: Cluster) -> None:
    """With all egress denied names do not resolve, until a policy selects the pods of kube-dns, as on EKS."""
    name = f"server.{_TENANT}.svc.cluster.local"
    cluster.apply(_policy("deny-egress", "client", {"policyTypes": ["Egress"]}))
    try:
        _eventually(lambda: cluster.ask("resolve", name=f"{name}.")["error"] != "")
        dns = {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
        ports = [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]
        cluster.apply(_policy("admit-dns", "client", {"egress": [{"to": [dns], "ports": ports}]}))
        _eventually(lambda: cluster.ask("resolve", name=f"{name}.")["status"] == 1)
    finally:
        cluster.kubectl("delete", "networkpolicy", "--all", f"--namespace={_TENANT}")


def test_the_machine_reaches_services(cluster: Cluster) -> None:
    """A NodePort and a load balancer's address answer on the node's address, from outside the cluster."""
    service = _service("server", name="public", kind="LoadBalancer", port=18080)
    cluster.apply(service)
    address = str(cluster.world.node_address)
    status = {"status": {"loadBalancer": {"ingress": [{"ip": address}]}}}
    patch = ("--subresource=status", "--type=merge", f"--patch={json.dumps(status)}")
    cluster.kubectl("patch", "service", "public", f"--namespace={_TENANT}", *patch)
    found = json.loads(cluster.kubectl("get", "service", "public", f"--namespace={_TENANT}", "--output=json"))
    for port in (found["spec"]["ports"][0]["nodePort"], 18080):
        _eventually(lambda port=port: _get(f"http://{address}:{port}/name") == "server")


def test_figures_of_pods_are_served(cluster: Cluster) -> None:
    """The resource metrics API has CPU and memory figures of a pod that runs."""
    path = f"/apis/metrics.k8s.io/v1beta1/namespaces/{_TENANT}/pods/server"

    def usage() -> dict[str, str]:
        figures = kube_api.get(cluster.world, path)
        return figures["containers"][0]["usage"] if figures else {}

    _eventually(lambda: usage().get("memory", "0") != "0")
    assert usage()["cpu"].endswith(("n", "u", "m"))


def test_nothing_is_left_when_the_runtime_was_killed(cluster: Cluster) -> None:
    """A stop also ends the containers whose runtime and kubelet are no longer there to end them."""
    sockets = set(_SHIM_SOCKETS.iterdir())
    for engine in ("containerd", "kubelet"):
        pid = processes.pid(cluster.world, engine)
        assert pid
        os.kill(pid, signal.SIGKILL)
    _eventually(lambda: not processes.alive(cluster.world, "containerd"))
    containers = leftovers.find(cluster.world.id).containers
    assert containers
    supervisor.stop(cluster.world, _engines())
    _assert_clean(cluster.world)
    assert len(sockets - set(_SHIM_SOCKETS.iterdir())) >= len(containers)


def test_pods_come_back_after_a_restart(cluster: Cluster) -> None:
    """An engine start after a stop finds the same cluster, and its pods run again."""
    supervisor.start(cluster.world, cluster.toolbox, _engines(), lambda event: _LOG.info("%s", event))
    _eventually(lambda: cluster.ask("fetch", url=f"http://server:{_PORT}/name")["body"] == "server")


def test_nothing_is_left_after_a_stop(cluster: Cluster) -> None:
    """Processes, containers, mounts, interfaces, cgroups and links to logs are gone."""
    supervisor.stop(cluster.world, _engines())
    _assert_clean(cluster.world)


def _assert_clean(world: World) -> None:
    assert leftovers.find(world.id) == leftovers.Leftovers()
    outside = [link.readlink() for link in Path("/var/log/containers").glob("*")]
    assert not [target for target in outside if target.is_relative_to(world.folder)]
    results = [file.read_text() for file in Path("/var/lib/cni/results").glob("*")]
    assert not [result for result in results if str(world.folder) in result]


def _engines() -> list[Engine]:
    wanted = {
        "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "containerd", "kubelet",
        "kube-proxy", "kube-router", "coredns", "metrics-server",
    }  # fmt: skip
    return [engine for engine in all_engines() if engine.name in wanted]


def _probe() -> Path:
    source = Path(__file__).parent / "probe"
    tool = GoTool(name="probe", version="1", module=str(source), package="groundplan.dev/tests/probe")
    program = cache_folder() / "tests" / "probe"
    golang.build(
        golang.obtain_go(cache_folder(), _LOG.info), tool, program, program.with_suffix(".log"), _LOG.info
    )
    return program


def _get(url: str) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as response:
            return response.read().decode()
    except OSError:
        return ""


def _eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.2)


def _namespace() -> Manifest:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": _TENANT, "labels": labels}}


def _pod(name: str, image: str) -> Manifest:
    confined = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {
        "name": name,
        "image": image,
        "imagePullPolicy": "Never",
        "securityContext": confined,
        "readinessProbe": {"httpGet": {"path": "/name", "port": _PORT}, "periodSeconds": 1},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": _TENANT, "labels": {"app": name}},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
    }


def _service(app: str, *, name: str | None = None, kind: str = "ClusterIP", port: int = _PORT) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name or app, "namespace": _TENANT},
        "spec": {"type": kind, "selector": {"app": app}, "ports": [{"port": port, "targetPort": _PORT}]},
    }


def _policy(name: str, app: str, rules: Manifest) -> Manifest:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": _TENANT},
        "spec": {"podSelector": {"matchLabels": {"app": app}}, **rules},
    }
