"""Tests of the drivers of volumes: where they run, and what they may do in the account."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.infra.recording import ACCOUNT_ID, Recording, dev_estate, guarded_estate, prod_estate

ADDON = "aws:eks/addon:Addon"
NAME = "groundplan-dev-volume-driver"
KEY = "groundplan-dev-volumes"
POLICY = "AmazonEBSCSIDriverEKSClusterScopedPolicy"
REGION = "eu-central-1"


def _addons(estate: Recording) -> set[str]:
    return {addon.name for addon in estate.of(ADDON)}


def _policy() -> dict[str, dict[str, Any]]:
    return {each["Sid"]: each for each in dev_estate().one("aws:iam/rolePolicy:RolePolicy", NAME).document()}


def test_mounts_have_their_driver_where_somebody_uses_it() -> None:
    """The driver of EBS is everywhere, for the class of volumes is; those of FSx and buckets are not."""
    assert "aws-ebs-csi-driver" in _addons(dev_estate())
    assert "aws-mountpoint-s3-csi-driver" not in _addons(dev_estate()) | _addons(guarded_estate())
    assert {"aws-fsx-csi-driver", "aws-mountpoint-s3-csi-driver"} <= _addons(prod_estate())


@pytest.mark.parametrize("name", ["aws-ebs-csi-driver", "aws-fsx-csi-driver", "aws-mountpoint-s3-csi-driver"])
def test_controllers_run_on_the_system_pool_and_daemons_everywhere(name: str) -> None:
    """Whatever taints a node has; the controller goes where coredns goes."""
    configuration, coredns = (
        json.loads(prod_estate().one(ADDON, each).inputs["configurationValues"]) for each in (name, "coredns")
    )
    assert configuration == {"controller": coredns, "node": {"tolerateAllTaints": True}}


def test_its_identity_is_for_one_service_account_and_there_before_it() -> None:
    """Pods get credentials only if the association is there before them."""
    association = dev_estate().one("aws:eks/podIdentityAssociation:PodIdentityAssociation", NAME)
    pods = (association.inputs["namespace"], association.inputs["serviceAccount"])
    assert pods == ("kube-system", "ebs-csi-controller-sa")
    addons = dev_estate().one("groundplan:aws:ClusterAddons", "scheduled-addons")
    assert association.urn in addons.dependencies
    assert dev_estate().one(ADDON, "aws-ebs-csi-driver").parent == addons.urn
    attachment = dev_estate().one("aws:iam/rolePolicyAttachment:RolePolicyAttachment", f"{NAME}-{POLICY}")
    assert attachment.inputs["policyArn"] == f"arn:aws:iam::aws:policy/{POLICY}"
    assert attachment.urn in association.dependencies


def test_its_volumes_are_encrypted_with_our_key_and_no_other_way() -> None:
    """The role may use the key through EC2, the key lets this role in, and nothing is made in the clear."""
    policy = _policy()
    for sid in ("EncryptVolumes", "LetVolumesBeUsed"):
        assert policy[sid]["Resource"] == "arn:of:aws:kms/key:Key:groundplan-dev-volumes"
        assert policy[sid]["Condition"]["StringEquals"] == {"kms:ViaService": f"ec2.{REGION}.amazonaws.com"}
    assert policy["LetVolumesBeUsed"]["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
    clear = policy["NoVolumeInTheClear"]
    assert (clear["Effect"], clear["Action"]) == ("Deny", ["ec2:CreateVolume"])
    assert clear["Condition"] == {"Bool": {"ec2:Encrypted": "false"}}
    key = {each["Sid"]: each for each in dev_estate().one("aws:kms/key:Key", KEY).document()}
    for sid in ("UseByVolumeDriver", "GrantByVolumeDriver"):
        condition = key[sid]["Condition"]
        assert condition["ArnEquals"]["aws:PrincipalArn"] == [f"arn:aws:iam::{ACCOUNT_ID}:role/{NAME}"]
        assert condition["StringEquals"]["kms:ViaService"] == f"ec2.{REGION}.amazonaws.com"
    assert key["GrantByVolumeDriver"]["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}


def test_who_mounts_buckets_and_file_systems_has_no_rights() -> None:
    """Neither a role nor an association of their service accounts: pods' own identities read."""
    associations = prod_estate().of("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    in_system = {each.name for each in associations if each.inputs["namespace"] == "kube-system"}
    assert in_system == {"groundplan-prod-volume-driver"}
    for name in _addons(prod_estate()):
        inputs = prod_estate().one(ADDON, name).inputs
        assert not {"serviceAccountRoleArn", "podIdentityAssociations"} & set(inputs)
