"""Elastic Fabric Adapters as the program claims them, on a real API server and its scheduler.

There is no adapter here, so its driver does not run: the emulator publishes in its place what a node of the
pool has, and pods are placed, not started.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from groundplan.rehearsal import pki
from groundplan.rehearsal.world import ACCOUNT_ID
from tests.rehearsal.test_emulator_cluster import (
    CLUSTER,
    Person,
    admin,  # noqa: F401 - a fixture
    deployer,  # noqa: F401 - a fixture
    eventually,
    subnets,
)
from tests.unit.infra.recording import estate_of

pytestmark = pytest.mark.rehearsal

CLASS, DRIVER = "efa.networking.k8s.aws", "dra.net"
TRAINER, OTHER = "tenant-speech", "tenant-vision"
POOL = "training"
ADAPTERS = 4
HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "train-over-nodes.md"
KINDS = ("Namespace", "ServiceAccount", "ResourceQuota", "ResourceClaimTemplate", "CronJob")
"""Of a tenant, what a run needs to be placed."""


def _registered() -> list[dict[str, Any]]:
    """The driver with its rights and its class, and both tenants."""
    estate = estate_of("staging")
    driver = estate.one("groundplan:kubernetes:FabricDriver").urn
    tenants = [name.removeprefix("tenant-") for name in (TRAINER, OTHER)]
    return [
        *(each.manifest for each in estate.resources if each.parent == driver),
        *estate.tenant_objects(*tenants, kinds=KINDS),
    ]


def _launch_template(deployer: Person) -> str:  # noqa: F811 - a fixture's name
    """Adapters and settings of a node, as the program registers them."""
    inputs = (
        estate_of("staging").one("aws:ec2/launchTemplate:LaunchTemplate", f"groundplan-staging-{POOL}").inputs
    )
    assert b"max-locked-memory" in b64decode(inputs["userData"])
    interfaces = [
        {
            "NetworkCardIndex": int(each["networkCardIndex"]),
            "DeviceIndex": int(each["deviceIndex"]),
            "InterfaceType": each["interfaceType"],
        }
        for each in inputs["networkInterfaces"]
    ]
    made = deployer.aws("ec2").create_launch_template(
        LaunchTemplateName=POOL,
        LaunchTemplateData={"NetworkInterfaces": interfaces, "UserData": inputs["userData"]},
    )
    return made["LaunchTemplate"]["LaunchTemplateId"]


@pytest.fixture(scope="module")
def node(deployer: Person, admin: Person) -> Generator[str]:  # noqa: F811 - fixtures
    """The name of a node of the pool, on a cluster with all that the program registers for it."""
    for manifest in _registered():
        admin.must("apply", "--server-side", "--filename", "-", manifest=manifest)
    name = pki.node_name(deployer.world)
    admin.must(
        "create", "--filename", "-", manifest={"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}
    )
    eks = deployer.aws("eks")
    group: dict[str, Any] = {"clusterName": CLUSTER, "nodegroupName": POOL}
    eks.create_nodegroup(
        **group,
        instanceTypes=["p4d.24xlarge"],
        labels={"groundplan.dev/pool": POOL},
        taints=[{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}],
        launchTemplate={"id": _launch_template(deployer), "version": "1"},
        subnets=subnets(deployer),
        nodeRole=f"arn:aws:iam::{ACCOUNT_ID}:role/ec2",
    )
    yield name
    eks.delete_nodegroup(**group)
    eventually(lambda: not _slices(admin), "the adapters are gone with the node group")
    admin.must("delete", "node", name)


def _slices(admin: Person) -> list[dict[str, Any]]:  # noqa: F811 - a fixture's name
    return admin.get("resourceslices")["items"]


def _alive(admin: Person, node: str) -> None:  # noqa: F811 - a fixture's name
    """What a kubelet says from time to time: ready, with the size of a p4d.24xlarge."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "Test",
        "lastHeartbeatTime": now,
        "lastTransitionTime": now,
    }
    size = {"cpu": "96", "memory": "1152Gi", "pods": "110"}
    status = {"status": {"conditions": [ready], "capacity": size, "allocatable": size}}
    admin.must("patch", "node", node, "--subresource=status", "--type=merge", "--patch", json.dumps(status))


def _placed(admin: Person, node: str, namespace: str, labels: str = "") -> list[dict[str, Any]]:  # noqa: F811
    _alive(admin, node)
    pods = admin.get("pods", "--namespace", namespace, f"--selector={labels}")["items"]
    return [pod for pod in pods if pod["spec"].get("nodeName") == node]


def _reasons(admin: Person, namespace: str, pod: str) -> str:  # noqa: F811 - a fixture's name
    found = admin.get("pod", pod, "--namespace", namespace)
    return " ".join(each.get("message", "") for each in found["status"].get("conditions", ()))


def _claim(name: str, namespace: str, count: int = 1) -> dict[str, Any]:
    request = {"name": "efa", "exactly": {"deviceClassName": CLASS, "count": count}}
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaim",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"devices": {"requests": [request]}},
    }


def _pod(name: str, namespace: str, claim: str) -> dict[str, Any]:
    """A pod of somebody's own, within what is allowed there, that wants the adapter of a claim."""
    resources = {"cpu": "100m", "memory": "64Mi"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"name": name}},
        "spec": {
            "nodeSelector": {"groundplan.dev/pool": POOL},
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [
                {
                    "name": "main",
                    "image": "none",
                    "resources": {
                        "requests": resources,
                        "limits": resources,
                        "claims": [{"name": "adapter"}],
                    },
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"]},
                    },
                }
            ],
            "resourceClaims": [{"name": "adapter", "resourceClaimName": claim}],
        },
    }


def test_a_node_of_the_pool_has_its_adapters_and_the_driver(admin: Person, node: str) -> None:  # noqa: F811
    """As many as the launch template has interfaces; the driver's pod goes there, taint or not."""
    eventually(lambda: _slices(admin), "the node's adapters are published")
    (published,) = _slices(admin)
    assert published["spec"]["driver"] == DRIVER
    assert len(published["spec"]["devices"]) == ADAPTERS
    eventually(
        lambda: _placed(admin, node, "kube-system", "app.kubernetes.io/name=dranet"), "the driver is placed"
    )


def test_a_run_gets_whole_nodes_with_all_of_their_adapters(admin: Person, node: str) -> None:  # noqa: F811
    """Of the template's two restricted pods one is placed with all 4, and its peer waits for a node."""
    admin.must("create", "job", "run", "--from=cronjob/training", "--namespace", TRAINER)
    eventually(lambda: _placed(admin, node, TRAINER), "a pod of the run is placed")
    claims = admin.get("resourceclaims", "--namespace", TRAINER)["items"]
    (taken,) = [
        claim["status"]["allocation"] for claim in claims if claim.get("status", {}).get("allocation")
    ]
    devices = taken["devices"]["results"]
    assert {each["driver"] for each in devices} == {DRIVER}
    assert len({each["device"] for each in devices}) == ADAPTERS
    assert len(claims) == 2
    assert len(_placed(admin, node, TRAINER)) == 1


def test_a_lost_pod_gives_its_adapters_to_its_successor(admin: Person, node: str) -> None:  # noqa: F811
    """Though the failed pod stays to be looked at, neither quota nor node lacks what it had."""
    (lost,) = [pod["metadata"]["name"] for pod in _placed(admin, node, TRAINER)]
    failed = json.dumps({"status": {"phase": "Failed"}})
    admin.must(
        *("patch", "pod", lost, "--namespace", TRAINER),
        *("--subresource=status", "--type=merge", "--patch", failed),
    )
    eventually(lambda: len(_placed(admin, node, TRAINER)) > 1, "another pod of the run is placed")
    assert admin.get("pod", lost, "--namespace", TRAINER)["status"]["phase"] == "Failed"
    claims = admin.get("resourceclaims", "--namespace", TRAINER)["items"]
    assert sum("allocation" in claim.get("status", {}) for claim in claims) == 1


def test_nobody_shares_an_adapter(admin: Person, node: str) -> None:  # noqa: F811
    """Of all but one of them in use, one is free; the next claim waits, though CPU and memory are free."""
    admin.must("delete", "job", "run", "--namespace", TRAINER)
    # No kubelet is there to end them.
    admin.must("delete", "pods", "--all", "--namespace", TRAINER, "--grace-period=0", "--force")
    eventually(
        lambda: not admin.get("resourceclaims", "--namespace", TRAINER)["items"], "the run's claims are gone"
    )
    for name, count in (("most", ADAPTERS - 1), ("last", 1), ("none-left", 1)):
        admin.must("create", "--filename", "-", manifest=_claim(name, TRAINER, count))
        admin.must("create", "--filename", "-", manifest=_pod(name, TRAINER, name))
        if name != "none-left":
            wanted = f"name={name}"
            eventually(lambda wanted=wanted: _placed(admin, node, TRAINER, wanted), f"{name} is placed")
    _alive(admin, node)
    eventually(
        lambda: "cannot allocate all claims" in _reasons(admin, TRAINER, "none-left"),
        "the scheduler says why",
    )


def test_another_tenant_may_not_claim_any(admin: Person, node: str) -> None:  # noqa: F811
    """The quota of a tenant that trains without them is none."""
    del node
    refused = admin.run("create", "--filename", "-", manifest=_claim("theirs", OTHER))
    assert refused.returncode != 0
    assert "exceeded quota: quota" in refused.stderr
    assert f"{CLASS}.deviceclass.resource.k8s.io/devices=0" in refused.stderr


def test_a_tenant_may_not_claim_more_than_a_run_takes(admin: Person, node: str) -> None:  # noqa: F811
    """Two pods with 4 each, of which 5 are claimed by now."""
    del node
    refused = admin.run("create", "--filename", "-", manifest=_claim("many", TRAINER, ADAPTERS))
    assert refused.returncode != 0
    assert f"limited: {CLASS}.deviceclass.resource.k8s.io/devices={2 * ADAPTERS}" in refused.stderr


def test_waiting_ends_when_a_run_fails(admin: Person, node: str) -> None:  # noqa: F811
    """By the how-to's condition: paid nodes do not wait for its timeout."""
    del node
    (condition,) = re.findall(r"--for='?(jsonpath='\{.+?\}')", HOW_TO.read_text(encoding="utf-8"))
    template = admin.get("cronjob", "training", "--namespace", TRAINER)["spec"]["jobTemplate"]
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "late", "namespace": TRAINER},
        "spec": {**template["spec"], "activeDeadlineSeconds": 5},
    }
    admin.must("create", "--filename", "-", manifest=job)
    wait = ("wait", "job/late", "--namespace", TRAINER, f"--for={condition.replace(chr(39), '')}")
    assert admin.run(*wait, "--timeout=1s").returncode != 0
    admin.must(*wait, "--timeout=60s")
    conditions = admin.get("job", "late", "--namespace", TRAINER)["status"]["conditions"]
    assert {each["type"] for each in conditions} & {"FailureTarget", "Failed"}
