"""Tests of the container registry."""

from __future__ import annotations

import json

from tests.unit.infra.recording import dev_config, dev_estate, dev_settings, prod_estate, record, run_program

SCANNING = "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"


def test_every_repository_is_scanned() -> None:
    """On push in dev, again and again in prod; the rule is about all repositories."""
    for estate, type_, frequency in (
        (dev_estate(), "BASIC", "SCAN_ON_PUSH"),
        (prod_estate(), "ENHANCED", "CONTINUOUS_SCAN"),
    ):
        scanning = estate.one(SCANNING).inputs
        assert scanning["scanType"] == type_
        [rule] = scanning["rules"]
        assert rule["scanFrequency"] == frequency
        assert rule["repositoryFilters"] == [{"filter": "*", "filterType": "WILDCARD"}]


def test_a_second_environment_of_an_account_leaves_scanning_alone() -> None:
    """Two would undo each other's settings."""
    audit = dev_config()["groundplan:platform"]["audit"] | {"account_services": False}
    estate = record(lambda: run_program(dev_settings(audit=audit)))
    assert not estate.of(SCANNING)


def test_images_can_be_signed() -> None:
    """By a profile with a number, for AWS keeps the names of cancelled ones."""
    profile = dev_estate().one("aws:signer/signingProfile:SigningProfile").inputs
    assert profile["platformId"] == "Notation-OCI-SHA384-ECDSA"
    assert profile["name"] == "groundplan_dev_images_1"


def test_images_stay_what_they_are() -> None:
    """Tags cannot be moved, and layers are encrypted with our key."""
    for repository in dev_estate().of("aws:ecr/repository:Repository"):
        assert repository.inputs["imageTagMutability"] == "IMMUTABLE"
        assert repository.inputs["imageScanningConfiguration"] == {"scanOnPush": True}
        [encryption] = repository.inputs["encryptionConfigurations"]
        assert encryption["kmsKey"] == "arn:of:aws:kms/key:Key:groundplan-dev-registry"


def test_only_releases_count_among_those_that_stay() -> None:
    """Each has its signature and attestations beside it: counted as well, they would push releases out."""
    for policy in dev_estate().of("aws:ecr/lifecyclePolicy:LifecyclePolicy"):
        untagged, newest = json.loads(policy.inputs["policy"])["rules"]
        assert untagged["selection"]["tagStatus"] == "untagged"
        assert newest["selection"] == {
            "tagStatus": "tagged",
            "tagPatternList": ["*"],
            "countType": "imageCountMoreThan",
            "countNumber": 100,
        }
