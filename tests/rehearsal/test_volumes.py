"""Claims of volumes on a real API server: which class they get, and what quotas let through.

No driver runs here: claims wait, as they do in the cloud until a pod is placed.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.rehearsal.test_emulator_cluster import (
    Person,
    admin,  # noqa: F401 - a fixture
    deployer,  # noqa: F401 - a fixture
    eventually,
)
from tests.unit.infra.recording import prod_estate

pytestmark = pytest.mark.rehearsal

CLASS = "encrypted"
WITH_VOLUMES, WITH_MOUNT, WITHOUT = "tenant-fraud", "tenant-vision", "tenant-speech"
KINDS = ("Namespace", "ResourceQuota", "PersistentVolume", "PersistentVolumeClaim")


def _registered() -> list[dict[str, Any]]:
    """The class, and of three tenants what volumes are about, in the order in which it can be made."""
    tenants = [name.removeprefix("tenant-") for name in (WITH_VOLUMES, WITH_MOUNT, WITHOUT)]
    storage_class = prod_estate().one("kubernetes:storage.k8s.io/v1:StorageClass", CLASS)
    return [storage_class.manifest, *prod_estate().tenant_objects(*tenants, kinds=KINDS)]


@pytest.fixture(scope="module")
def cluster(admin: Person) -> Person:  # noqa: F811 - a fixture
    """Who administers a cluster that has all of it, and counts what claims there are."""
    for manifest in _registered():
        admin.must("apply", "--server-side", "--filename", "-", manifest=manifest)
    for namespace in (WITH_VOLUMES, WITH_MOUNT, WITHOUT):
        eventually(
            lambda namespace=namespace: (
                admin.get("resourcequota", "quota", "--namespace", namespace).get("status", {}).get("used")
            ),
            f"the quota of {namespace} counts",
        )
    return admin


def _claim(name: str, namespace: str, gib: int, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": f"{gib}Gi"}},
            **spec,
        },
    }


def _refusal(admin: Person, claim: dict[str, Any]) -> str:  # noqa: F811 - a fixture's name
    refused = admin.run("create", "--filename", "-", manifest=claim)
    assert refused.returncode != 0
    return refused.stderr


def test_a_claim_that_names_no_class_is_of_ours(cluster: Person) -> None:
    """And waits for the pod that it is for."""
    cluster.must("create", "--filename", "-", manifest=_claim("scratch", WITH_VOLUMES, 150))
    claim = cluster.get("persistentvolumeclaim", "scratch", "--namespace", WITH_VOLUMES)
    assert claim["spec"]["storageClassName"] == CLASS
    assert claim["status"]["phase"] == "Pending"


def test_a_claim_beyond_the_quota_is_refused(cluster: Person) -> None:
    """150 of 200 GiB are claimed by now."""
    reason = _refusal(cluster, _claim("more", WITH_VOLUMES, 51))
    assert "exceeded quota: quota" in reason
    assert f"limited: {CLASS}.storageclass.storage.k8s.io/requests.storage=200Gi" in reason


@pytest.mark.parametrize("spec", [{}, {"storageClassName": "gp2"}, {"storageClassName": ""}])
def test_a_tenant_without_volumes_claims_none(cluster: Person, spec: dict[str, Any]) -> None:
    """Of no class."""
    reason = _refusal(cluster, _claim("none", WITHOUT, 1, **spec))
    assert "persistentvolumeclaims=0" in reason.partition("limited: ")[2]


def test_the_mount_is_bound_to_the_tenants_claim(cluster: Person) -> None:
    """It fits the quota, which has room for nothing beside it."""
    eventually(
        lambda: (
            cluster.get("persistentvolumeclaim", "lake", "--namespace", WITH_MOUNT)["status"]["phase"]
            == "Bound"
        ),
        "the claim is bound",
    )
    volume = cluster.get("persistentvolume", "vision-lake")
    assert volume["spec"]["csi"]["driver"] == "s3.csi.aws.com"
    assert volume["spec"]["claimRef"]["namespace"] == WITH_MOUNT
    assert "exceeded quota: quota" in _refusal(cluster, _claim("another", WITH_MOUNT, 1))
