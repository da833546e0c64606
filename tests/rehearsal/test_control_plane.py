"""The control plane for real: it comes up, keeps its promises, survives its parts, and leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from groundplan.errors import GroundplanError
from groundplan.rehearsal import leftovers, network, processes, supervisor
from groundplan.rehearsal.engines.base import Command
from groundplan.rehearsal.engines.etcd import Etcd
from groundplan.rehearsal.engines.probe import Tls, answers
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import World
from tests.rehearsal.conftest import CONTROL_PLANE, engines

pytestmark = pytest.mark.rehearsal

Kubectl = Callable[..., str]


@pytest.fixture
def kubectl(control_plane: World, toolbox: Toolbox) -> Kubectl:
    """Runs kubectl as the rehearsal's administrator and returns what it prints."""

    def run(*arguments: str, stdin: str | None = None) -> str:
        argv = [
            str(toolbox.obtain("kubectl")),
            "--kubeconfig",
            str(control_plane.admin_kubeconfig),
            *arguments,
        ]
        return subprocess.run(argv, check=True, capture_output=True, text=True, input=stdin).stdout

    return run


class HomelessEtcd(Etcd):
    """An etcd that cannot write where it is told to."""

    def command(self, world: World) -> Command:
        """The right one, with a data folder that the kernel refuses."""
        return Command(argv=[*super().command(world).argv, "--data-dir=/proc/no-such-folder"])


def _pids(world: World) -> dict[str, int | None]:
    return {name: processes.pid(world, name) for name in CONTROL_PLANE}


def test_api_server_is_ready(kubectl: Kubectl) -> None:
    """It answers the administrator, from the machine."""
    assert kubectl("get", "--raw", "/readyz") == "ok"


def test_second_start_changes_nothing(control_plane: World, toolbox: Toolbox) -> None:
    """An interrupted command that is run again finds the engines and keeps them."""
    before = _pids(control_plane)
    supervisor.start(control_plane, toolbox, engines(*CONTROL_PLANE), lambda _: None)
    assert _pids(control_plane) == before
    assert None not in before.values()


def test_killed_engine_is_named_and_comes_back(
    control_plane: World, toolbox: Toolbox, kubectl: Kubectl
) -> None:
    """A dead engine is reported with the end of its log; the next start brings it back, the data is there."""
    kubectl("create", "configmap", "survivor", "--from-literal=state=kept")
    parts = engines(*CONTROL_PLANE)
    scheduler = processes.pid(control_plane, "kube-scheduler")
    assert scheduler
    os.kill(scheduler, signal.SIGKILL)
    with pytest.raises(GroundplanError, match="kube-scheduler has died") as failure:
        _check_until_noticed(control_plane)
    assert failure.value.log == processes.log_tail(control_plane, "kube-scheduler") != ""
    supervisor.start(control_plane, toolbox, parts, lambda _: None)
    supervisor.check(control_plane, parts)
    assert processes.pid(control_plane, "kube-scheduler") != scheduler
    assert kubectl("get", "configmap", "survivor", "-o", "jsonpath={.data.state}") == "kept"


def _check_until_noticed(world: World) -> None:
    for _ in range(1000):  # the kernel needs a moment to end what was killed
        supervisor.check(world, engines(*CONTROL_PLANE))


def test_secrets_are_encrypted_in_the_store(control_plane: World, kubectl: Kubectl) -> None:
    """A config map's text can be read in etcd's files, a secret's cannot."""
    kubectl("create", "configmap", "open", "--from-literal=word=plainly-readable-marker")
    kubectl("create", "secret", "generic", "closed", "--from-literal=word=never-readable-marker")
    store = b"".join(
        file.read_bytes() for file in control_plane.engine_data("etcd").rglob("*") if file.is_file()
    )
    assert b"plainly-readable-marker" in store
    assert b"never-readable-marker" not in store
    assert b"bmV2ZXItcmVhZGFibGUtbWFya2Vy" not in store
    assert kubectl("get", "secret", "closed", "-o", "go-template={{.data.word | base64decode}}") == (
        "never-readable-marker"
    )


def test_store_serves_the_api_server_only(control_plane: World) -> None:
    """A certificate of the cluster's own authority, a system:masters one even, does not open etcd."""
    stranger = Tls(
        authority=control_plane.pki / "etcd-ca.crt",
        certificate=control_plane.pki / "apiserver-kubelet-client.crt",
        key=control_plane.pki / "apiserver-kubelet-client.key",
    )
    assert Etcd().ready(control_plane)
    assert not answers(str(control_plane.node_address), control_plane.ports.etcd_client, "/health", stranger)


def test_pod_identity_token_is_good_for_pod_identity_only(kubectl: Kubectl) -> None:
    """A token for pods.eks.amazonaws.com passes a review for that audience, and no other."""
    kubectl("create", "serviceaccount", "pod")
    token = kubectl("create", "token", "pod", "--audience=pods.eks.amazonaws.com").strip()

    def reviewed(*audiences: str) -> dict[str, Any]:
        review = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "spec": {"token": token, "audiences": audiences},
        }
        return json.loads(kubectl("create", "-f", "-", "-o", "json", stdin=json.dumps(review)))["status"]

    accepted = reviewed("pods.eks.amazonaws.com")
    assert accepted["authenticated"]
    assert accepted["user"]["username"] == "system:serviceaccount:default:pod"
    assert not reviewed().get("authenticated")


def test_audit_log_holds_no_secret(control_plane: World, kubectl: Kubectl) -> None:
    """Who created which secret is on record; its content is not."""
    kubectl("create", "secret", "generic", "audited", "--from-literal=word=unspeakable-marker")
    kubectl("delete", "secret", "audited")
    audit = control_plane.logs / "audit.log"
    for _ in range(600):  # written in batches, of half a minute at most
        if '"name":"audited"' in audit.read_text():
            break
        kubectl("get", "--raw", "/readyz")
    text = audit.read_text()
    assert '"name":"audited"' in text
    assert "unspeakable-marker" not in text


def test_engine_that_dies_at_the_start_shows_why(
    make_world: Callable[[str], World], toolbox: Toolbox
) -> None:
    """The message names the engine and ends with what it said."""
    world = make_world("test-homeless")
    with pytest.raises(GroundplanError, match="etcd has died") as failure:
        supervisor.start(world, toolbox, [HomelessEtcd()], lambda _: None)
    assert "no-such-folder" in (failure.value.log or "")


def test_taken_port_inside_the_rehearsal(make_world: Callable[[str], World], toolbox: Toolbox) -> None:
    """A stranger on the API's port in the rehearsal's own network is named, with its pid."""
    world = make_world("test-port")
    network.create(world)
    program = "import socket; s = socket.create_server(('', 2379)); print('up', flush=True); s.accept()"
    stranger = processes.start(world, "stranger", ["python3", "-c", program])
    while "up" not in processes.log_tail(world, "stranger"):
        assert processes.alive(world, "stranger")
    with pytest.raises(GroundplanError, match=rf"port 2379 .* \(pid {stranger}\)"):
        supervisor.start(world, toolbox, engines("etcd"), lambda _: None)


def test_link_of_another_checkout_is_respected(make_world: Callable[[str], World], tmp_path: Path) -> None:
    """A world that names another one's link is refused before anything is created."""
    world = make_world("test-owner")
    network.create(world)
    intruder = replace(world, id="test-intruder", folder=tmp_path)
    with pytest.raises(GroundplanError, match=str(world.folder)):
        network.create(intruder)
    assert not network.namespace_file(intruder).exists()


def test_two_rehearsals_live_side_by_side_and_one_leaves_nothing(
    control_plane: World, make_world: Callable[[str], World], toolbox: Toolbox, kubectl: Kubectl
) -> None:
    """Same ports, own networks; stopping one leaves nothing of it and the other untouched."""
    parts = engines("etcd", "kube-apiserver")
    second = make_world("test-second")
    supervisor.start(second, toolbox, parts, lambda _: None)
    assert second.node_address != control_plane.node_address
    assert leftovers.find(second.id).processes
    untouched = _pids(control_plane)
    supervisor.stop(second, parts)
    assert not leftovers.find(second.id)
    assert _pids(control_plane) == untouched
    assert kubectl("get", "--raw", "/readyz") == "ok"


def test_crashed_rehearsal_is_removed_without_its_supervisor(
    make_world: Callable[[str], World], toolbox: Toolbox
) -> None:
    """Left-overs are found with no pid file to go by, and removing them leaves nothing."""
    world = make_world("test-crashed")
    supervisor.start(world, toolbox, engines("etcd"), lambda _: None)
    (world.run / "etcd.pid").unlink()
    found = leftovers.find(world.id)
    assert [Path(process.split()[1]).name for process in found.processes] == ["etcd"]
    assert found.interfaces == (world.host_interface,)
    assert found.namespaces == (world.namespace,)
    leftovers.remove(world.id)
    assert not leftovers.find(world.id)
