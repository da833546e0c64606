"""Tests of what pods can mount: volumes of their own, within a quota, and the lake as files."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.infra.recording import dev_estate, guarded_estate, prod_estate

CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
OF_CLASS = "encrypted.storageclass.storage.k8s.io/requests.storage"
CURATED = "groundplan-prod-curated-123456789012"


def _quota(tenant: str) -> dict[str, str]:
    hard = prod_estate().one("kubernetes:core/v1:ResourceQuota", f"{tenant}-quota").inputs["spec"]["hard"]
    return {key: value for key, value in hard.items() if "storage" in key or "volume" in key}


def _volume(tenant: str) -> dict[str, Any]:
    return prod_estate().one("kubernetes:core/v1:PersistentVolume", f"{tenant}-lake").inputs["spec"]


def _pod(tenant: str) -> dict[str, Any]:
    job = prod_estate().one("kubernetes:batch/v1:CronJob", f"{tenant}-training").inputs
    return job["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def test_volumes_are_encrypted_and_made_where_their_pod_is() -> None:
    """With the key of volumes, by the only class there is, which is that of claims that name none."""
    storage_class = dev_estate().one(CLASS).inputs
    assert storage_class["metadata"]["name"] == "encrypted"
    assert storage_class["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}
    parameters = storage_class["parameters"]
    assert (parameters["type"], parameters["encrypted"]) == ("gp3", "true")
    assert parameters["kmsKeyId"] == "arn:of:aws:kms/key:Key:groundplan-dev-volumes"
    assert storage_class["volumeBindingMode"] == "WaitForFirstConsumer"
    assert storage_class["allowVolumeExpansion"] is True


def test_volumes_have_the_tags_of_all_resources_and_of_their_tenant() -> None:
    """Default tags do not reach them: the driver makes them. Its template knows the claim's namespace."""
    parameters = dev_estate().one(CLASS).inputs["parameters"]
    pairs = [value.split("=", 1) for key, value in parameters.items() if key.startswith("tagSpecification_")]
    tags = dict(pairs)
    assert {"Project", "Environment", "Stack", "Owner", "CostCenter", "ManagedBy", "Tenant"} == set(tags)
    assert tags["Environment"] == "dev"
    assert tags["Tenant"] == (
        '{{ if eq (index "tenant-" .PVCNamespace) 0 }}{{ substring 7 -1 .PVCNamespace }}{{ end }}'
    )


def test_the_driver_is_there_as_long_as_claims_may_be() -> None:
    """No volume is left behind because its driver went first."""
    driver = dev_estate().one("aws:eks/addon:Addon", "aws-ebs-csi-driver")
    assert driver.urn in dev_estate().one("groundplan:kubernetes:VolumeClass").dependencies
    tenant = dev_estate().one("groundplan:kubernetes:Tenant")
    assert dev_estate().one(CLASS).urn in tenant.dependencies


@pytest.mark.parametrize(
    ("tenant", "claims", "in_all", "of_class"),
    [
        ("speech", "0", "0", "0"),
        ("fraud", "100", "200Gi", "200Gi"),
        ("vision", "1", "1Gi", "0"),
        ("research", "1", "4800Gi", "0"),
    ],
)
def test_a_tenant_claims_what_its_quota_says(tenant: str, claims: str, in_all: str, of_class: str) -> None:
    """None without; at most one for each pod; beside them only the claim that shows it the lake."""
    assert _quota(tenant) == {
        "persistentvolumeclaims": claims,
        "requests.storage": in_all,
        OF_CLASS: of_class,
    }


def test_a_mount_is_the_tenants_part_of_the_curated_zone_and_no_more() -> None:
    """Read by the identity of the pod that mounts it, and by the tenant's claim only."""
    volume = _volume("vision")
    assert volume["csi"] == {
        "driver": "s3.csi.aws.com",
        "volumeHandle": "vision-lake",
        "readOnly": True,
        "volumeAttributes": {
            "bucketName": CURATED,
            "authenticationSource": "pod",
            "mountpointContainerResourcesRequestsCpu": "100m",
            "mountpointContainerResourcesRequestsMemory": "1Gi",
        },
    }
    assert volume["mountOptions"] == ["read-only", "allow-other", "prefix vision/", "region eu-central-1"]
    assert volume["claimRef"] == {"namespace": "tenant-vision", "name": "lake"}
    assert (volume["accessModes"], volume["storageClassName"]) == (["ReadOnlyMany"], "")


def test_its_identity_lists_and_reads_what_the_mount_shows() -> None:
    """Mountpoint lists `<tenant>/` and reads below it: the workload's role may, and may not write."""
    statements = {
        each["Sid"]: each
        for each in prod_estate()
        .one("aws:iam/rolePolicy:RolePolicy", "groundplan-prod-vision-training")
        .document()
    }
    assert statements["ListCurated"]["Condition"] == {"StringLike": {"s3:prefix": ["vision/*"]}}
    assert statements["ReadCurated"]["Action"] == ["s3:GetObject"]
    assert statements["ReadCurated"]["Resource"] == f"arn:aws:s3:::{CURATED}/vision/*"


@pytest.mark.parametrize(("tenant", "folder"), [("vision", "/lake/curated"), ("research", "/lake")])
def test_training_finds_its_data_in_the_same_folder_either_way(tenant: str, folder: str) -> None:
    """A file system shows several zones, a mount one; the curated data is at the same place."""
    pod = _pod(tenant)
    [container] = pod["containers"]
    mounts = {each["name"]: each for each in container["volumeMounts"]}
    assert mounts["lake"] == {"name": "lake", "mountPath": folder, "readOnly": True}
    volumes = {each["name"]: each for each in pod["volumes"]}
    assert volumes["lake"]["persistentVolumeClaim"] == {"claimName": "lake", "readOnly": True}
    environment = {each["name"]: each.get("value") for each in container["env"]}
    assert environment["LAKE_CURATED_URI"] == "file:///lake/curated"


def test_a_file_system_is_mounted_as_before() -> None:
    """Without options, by the driver of FSx."""
    spec = guarded_estate().one("kubernetes:core/v1:PersistentVolume").inputs["spec"]
    assert spec["csi"]["driver"] == "fsx.csi.aws.com"
    assert "mountOptions" not in spec
